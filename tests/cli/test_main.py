"""What all commands have in common."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from grader import __version__
from grader.cli.main import app
from tests.cli.conftest import Run
from tests.cli.program import ROOT, run

COMMANDS: dict[str, str] = {
    info.name or str(info.callback.__name__).replace("_", "-"): info.callback.__doc__
    for info in app.registered_commands
    if info.callback and info.callback.__doc__
}
NOT_COMMANDS = {"exits", "main", "options", "printing", "scorecard_show", "show"}
HEAVY = "asyncio numpy onnxruntime openai pydantic fastapi uvicorn tokenizers".split()


def test_every_file_of_a_command_is_a_command() -> None:
    files = {path.stem for path in (ROOT / "grader" / "cli").glob("[!_]*.py")}
    named = {name.replace("_", "-").strip("-") for name in files - NOT_COMMANDS}

    assert named == set(COMMANDS) == set(getattr(get_command(app), "commands", ()))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_is_readable(grader: Run, name: str) -> None:
    ended = grader(name, "--help")

    assert (ended.code, ended.err) == (0, "")
    assert f"Usage: grader {name} " in ended.out
    assert "\x1b" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80
    # A longer line of the docstring would be broken after its last word.
    lines = [line.strip() for line in COMMANDS[name].splitlines()]
    assert set(lines) <= {line.strip() for line in ended.out.splitlines()}
    assert grader(name, "-h") == ended


def test_the_help_names_every_command(grader: Run) -> None:
    ended = grader("--help")

    assert (ended.code, ended.err) == (0, "")
    for name in COMMANDS:
        assert f"│ {name} " in ended.out
    assert "It recommends; a person decides." in " ".join(ended.out.split())


def test_the_version_is_told(grader: Run) -> None:
    ended = grader("--version")

    assert (ended.code, ended.out) == (0, f"grader {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grde"], "Did you mean 'grade'"),
        (["grade"], "Missing argument"),
        (["grade-file", "a.jsonl"], "--out"),
        (["grade-file", "a", "--out", "b", "--workers", "0"], "--workers"),
        (["questions", "--colour"], "--colour"),
        (["questions", "--level", "guru"], "'guru' is not one of"),
        (["serve", "--port", "65536"], "--port"),
        (["\x1b[31mred"], r"No such command '\x1b[31mred'"),
    ],
)
def test_a_wrong_use_is_explained_and_ends_with_2(
    grader: Run, arguments: list[str], says: str
) -> None:
    ended = grader(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "Usage: grader" in ended.err
    assert says in ended.err
    assert "\x1b" not in ended.err


def test_without_a_command_the_help_is_shown(grader: Run) -> None:
    ended = grader()

    assert ended.code == 2
    assert "Usage: grader" in ended.out + ended.err


def test_an_error_of_ours_is_one_line_and_ends_with_1(grader: Run) -> None:
    ended = grader("questions", "--rubrics", "absent")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "grader: there is no folder of rubrics at 'absent'\n"


def test_a_file_that_cannot_be_written_is_named(grader: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    out = tmp_path / "a\x1b]0;folder"
    out.mkdir()

    ended = grader("grade-file", tmp_path / "a.jsonl", "--out", out, "--resume")

    assert ended.code == 1
    assert ended.err == f"grader: {str(out)!r}: Is a directory\n"


def test_paths_are_printed_without_what_a_terminal_obeys(
    grader: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "\x1b[31mred  one" / "t" / "mid" / "q"
    folder.mkdir(parents=True)
    (folder / "v1.toml").write_text('id = "\x7f\\u001b[2J"\nversion = 1\n')

    ended = grader("check", tmp_path / "\x1b[31mred  one")

    assert ended.code == 1
    assert f"{tmp_path}/�[31mred  one/t/mid/q/v1.toml: " in ended.out
    assert all(c.isprintable() or c == "\n" for c in ended.out + ended.err)


def test_pressing_ctrl_c_ends_with_130_and_one_line(
    grader: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keyboard:
        @property
        def buffer(self) -> object:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Keyboard())

    ended = grader("grade", "overfitting", "-")

    assert (ended.code, ended.out, ended.err) == (130, "", "grader: interrupted\n")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["questions"],
        ["questions", "--json"],
        ["grade", "overfitting", "--answer", ""],
        ["--help"],
    ],
    ids=" ".join,
)
def test_a_reader_who_has_gone_is_not_worth_a_word(
    arguments: list[str], unbuffered: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    env = {"PYTHONUNBUFFERED": unbuffered}
    code, _, err = run(*arguments, stdout=writer, env=env)
    os.close(writer)

    assert (code, err) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_full_disk_is_one_line(unbuffered: str) -> None:
    with open("/dev/full", "wb") as full:
        env = {"PYTHONUNBUFFERED": unbuffered}
        code, _, err = run("questions", stdout=full, env=env)

    assert (code, err.count(b"\n")) == (1, 1)
    assert err.startswith(b"grader: ")
    assert err.endswith(b"No space left on device\n")


def test_an_output_that_cannot_carry_a_sign_gets_a_question_mark() -> None:
    env = {"PYTHONIOENCODING": "ascii"}

    code, out, err = run("grade", "overfitting", "--answer", "", env=env)

    assert (code, err) == (0, b"")
    assert b"? Point 1: Not seen" in out


@pytest.mark.parametrize(
    "program",
    ["import grader", "from grader.cli.main import main\nmain(['--help'])"],
)
def test_help_and_import_load_nothing_heavy(program: str) -> None:
    checked = f"""
import sys
try:
    {program.replace(chr(10), chr(10) + "    ")}
except SystemExit:
    pass
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run(
        [sys.executable, "-c", checked],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )

    assert ended.stderr == b"[]\n"


def test_a_judge_that_there_is_not_is_a_wrong_use_of_the_command(grader: Run) -> None:
    ended = grader("grade", "overfitting", "--answer", "x", "--judge", "me")

    assert ended.code == 2
    assert "local" in ended.err
    assert "llm" in ended.err
