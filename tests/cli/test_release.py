"""`grader release`."""

from pathlib import Path

import typer
from typer.testing import CliRunner

from grader.cli.release import release
from grader.errors import ContentError

app = typer.Typer()
app.command()(release)
runner = CliRunner()


def prompt(folder: Path) -> Path:
    path = folder / "prompts" / "judge" / "v1.txt"
    path.parent.mkdir(parents=True)
    path.write_text("Look for $criteria.")
    return path


def test_a_release_says_what_it_locked(tmp_path: Path) -> None:
    path = prompt(tmp_path)

    result = runner.invoke(app, [str(path)])

    assert result.exit_code == 0
    assert f"{path}: released" in result.stdout
    assert "prompts/judge/v1.txt" in (tmp_path / "released.sha256").read_text()


def test_a_second_release_is_fine(tmp_path: Path) -> None:
    path = prompt(tmp_path)
    runner.invoke(app, [str(path)])

    result = runner.invoke(app, [str(path)])

    assert (result.exit_code, result.stdout) == (0, f"{path}: already released\n")


def test_another_lock_may_be_named(tmp_path: Path) -> None:
    path = prompt(tmp_path)

    runner.invoke(app, [str(path), "--lock", str(tmp_path / "mine.sha256")])

    assert (tmp_path / "mine.sha256").exists()
    assert not (tmp_path / "released.sha256").exists()


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = prompt(tmp_path)
    runner.invoke(app, [str(path)])
    path.write_text("Look for something else.")

    assert isinstance(runner.invoke(app, [str(path)]).exception, ContentError)
