"""What every test has: no network but loopback, and no settings from outside."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from grader.rubric import Criterion, FlagKind, Level, Question, RedFlag, Rubric

LOOPBACK = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting to anything but this machine is an error."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise OSError(f"a test tried to reach {address!r}")
        connect(self, address)

    def checked_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in (None, *LOOPBACK):
            raise OSError(f"a test tried to look up {host!r}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", checked_connect)
    monkeypatch.setattr(socket, "getaddrinfo", checked_look_up)


@pytest.fixture(autouse=True)
def no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Settings of whoever runs the tests do not count; live tests need them."""
    if request.node.get_closest_marker("live") is None:
        for name in [n for n in os.environ if n.startswith(("GRADER_", "OPENAI_"))]:
            monkeypatch.delenv(name)
        monkeypatch.chdir(tmp_path)  # no .env file here


@pytest.fixture
def rubric() -> Rubric:
    """Three criteria worth 5, 3 and 2 points, a `states` and an `omits` flag."""
    return Rubric(
        question=Question(
            id="tea", text="How do you make tea?", topic="kitchen", level=Level.JUNIOR
        ),
        version=1,
        strong_answer="Pour freshly boiled water on the leaves, wait, take them out.",
        criteria=(
            Criterion(
                id="boiled-water",
                requirement="Says that the water must be freshly boiled.",
                points=5,
                hint="How warm should what you pour be?",
            ),
            Criterion(
                id="waits",
                requirement="Says that the leaves are left to steep for minutes.",
                points=3,
                hint="What happens between pouring and drinking?",
            ),
            Criterion(
                id="takes-out",
                requirement="Says that the leaves are taken out before drinking.",
                points=2,
                hint="How do you keep it from going bitter?",
            ),
        ),
        red_flags=(
            RedFlag(
                id="microwave",
                statement="Puts the cup with the leaves into a microwave oven.",
                kind=FlagKind.STATES,
                cap=0.34,
            ),
            RedFlag(
                id="no-leaves",
                statement="Describes no step in which tea meets water.",
                kind=FlagKind.OMITS,
                cap=0.45,
            ),
        ),
        digest="0" * 64,
    )
