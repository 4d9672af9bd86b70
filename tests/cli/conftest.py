"""The command line, run inside this process, and a provider for its llm judge."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from grader.cli.main import main
from tests.llm.test_loopback import KEY, RUBRIC, Provider


@dataclass(frozen=True)
class Ended:
    """Exit code, and what was printed."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs `grader` with these arguments."""

    def __call__(self, *arguments: str | Path) -> Ended: ...


@pytest.fixture
def grader(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    """A provider that the settings name, for the question `stack`."""
    path = tmp_path / "rubrics" / "structures" / "junior" / "stack" / "v1.toml"
    path.parent.mkdir(parents=True)
    path.write_text(RUBRIC)
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("GRADER_JUDGE", "llm")
        monkeypatch.setenv("GRADER_MODEL", "openai:x")
        monkeypatch.setenv("GRADER_BASE_URL", server.address)
        monkeypatch.setenv("GRADER_API_KEY", KEY)
        monkeypatch.setenv("GRADER_LLM_ATTEMPTS", "1")
        monkeypatch.setenv("GRADER_RUBRICS", str(tmp_path / "rubrics"))
        yield server
        server.shutdown()
        thread.join()
