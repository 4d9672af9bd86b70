"""`grader check`."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from grader.cli.check import check
from grader.errors import NotFound
from grader.releases import release

RUBRICS = Path(__file__).parent.parent.parent / "rubrics"

app = typer.Typer()
app.command()(check)
runner = CliRunner()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "rubrics" / "t" / "mid" / "q" / "v1.toml"
    path.parent.mkdir(parents=True)
    path.write_text('id = "q"\nversion = 1\n[[criteria]]\nid = "c"\npoints = 10\n')
    return path


def test_good_rubrics_pass() -> None:
    result = runner.invoke(app, [str(RUBRICS)])

    assert result.exit_code == 0
    assert result.stdout == "24 rubrics checked, no problems\n"


def test_without_a_folder_the_own_rubrics_are_checked() -> None:
    assert "rubrics checked, no problems" in runner.invoke(app, []).stdout


def test_a_setting_names_the_folder(broken: Path) -> None:
    env = {"GRADER_RUBRICS": str(broken.parents[3])}

    assert runner.invoke(app, [], env=env).exit_code == 1


def test_every_problem_has_a_line_and_they_are_counted(broken: Path) -> None:
    result = runner.invoke(app, [str(broken.parents[3])])

    *lines, count = result.stdout.splitlines()
    assert result.exit_code == 1
    assert all(line.startswith(f"{broken}: ") for line in lines)
    assert f"{broken}: c: there is no hint." in result.stdout
    assert count == f"1 rubric checked, {len(lines)} problems in 1 of them"


def test_one_file_can_be_checked(broken: Path) -> None:
    assert "1 rubric checked" in runner.invoke(app, [str(broken)]).stdout


def test_json_lists_the_problems(broken: Path) -> None:
    result = runner.invoke(app, [str(broken), "--json"])

    problems = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {"path", "part", "code", "message"} == set(problems[0])
    assert {"c", None} == {problem["part"] for problem in problems}


def test_json_of_good_rubrics_is_an_empty_list() -> None:
    result = runner.invoke(app, [str(RUBRICS), "--json"])

    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = runner.invoke(app, [str(tmp_path / "absent")])

    assert isinstance(result.exception, NotFound)
    assert "absent" in str(result.exception)


def test_a_released_rubric_that_changed_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = next(RUBRICS.glob("*/*/overfitting/v1.toml"))
    copy = tmp_path / "rubrics" / "t" / "junior" / "overfitting" / "v1.toml"
    copy.parent.mkdir(parents=True)
    copy.write_text(path.read_text())
    release(copy, tmp_path / "released.sha256")
    copy.write_text(path.read_text() + "# a late thought\n")

    with pytest.raises(typer.Exit):
        check(tmp_path / "rubrics")

    assert "was released with other contents" in capsys.readouterr().out
