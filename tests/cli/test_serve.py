"""`grader serve`."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.program import start


@pytest.fixture
def service() -> Iterator[subprocess.Popen[bytes]]:
    with start("serve", "--port", "0") as process:
        yield process
        process.kill()


def connect(service: subprocess.Popen[bytes]) -> HTTPConnection:
    assert service.stdout
    said = service.stdout.readline().decode()
    where = re.fullmatch(
        r"Practise at http://127\.0\.0\.1:(\d+)/  \(stop with Ctrl\+C\)\n", said
    )
    assert where
    return HTTPConnection("127.0.0.1", int(where[1]), timeout=10)


def test_it_says_where_it_is_and_answers_there(
    service: subprocess.Popen[bytes],
) -> None:
    connection = connect(service)

    connection.request("GET", "/healthz")
    health = connection.getresponse()

    assert health.status == 200
    assert json.loads(health.read())["status"] == "ok"
    connection.close()


@pytest.mark.parametrize(
    ("sent", "codes"),
    [(signal.SIGTERM, {0, -signal.SIGTERM}), (signal.SIGINT, {0})],
    ids=["SIGTERM", "Ctrl+C"],
)
def test_a_signal_ends_it_soon_and_without_a_word(
    service: subprocess.Popen[bytes], sent: signal.Signals, codes: set[int]
) -> None:
    connection = connect(service)
    connection.request("GET", "/healthz")
    connection.getresponse().read()  # The connection stays open, as browsers do.

    service.send_signal(sent)
    _, err = service.communicate(timeout=5)

    assert service.returncode in codes
    assert err == b""
    connection.close()


def test_a_port_in_use_is_one_line_with_the_next_step(grader: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = grader("serve", "--port", str(port))

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"grader: cannot listen on port {port} of '127.0.0.1': Address already in "
        "use. Name another with --port or --host\n"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--judge", "llm"], "set GRADER_MODEL"),
        (["--rubrics", "absent"], "there is no folder of rubrics at 'absent'"),
    ],
)
def test_settings_are_looked_at_before_anything_is_served(
    grader: Run, arguments: list[str], says: str
) -> None:
    ended = grader("serve", "--port", "0", *arguments)

    assert (ended.code, ended.out) == (1, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_a_broken_rubric_is_named_before_anything_is_served(
    grader: Run, tmp_path: Path
) -> None:
    path = tmp_path / "t" / "mid" / "q" / "v1.toml"
    path.parent.mkdir(parents=True)
    path.write_text("id =")

    ended = grader("serve", "--port", "0", "--rubrics", tmp_path)

    assert (ended.code, ended.out) == (1, "")
    assert str(path) in ended.err
