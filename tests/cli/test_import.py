"""`grader import`."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from grader.cli.import_ import import_page
from grader.errors import QuestionPageError, RubricError
from grader.rubric_files import RubricShelf

PAGE = """\
---
url: https://example.org/sql
---
# SQL

## Junior

### What is a join?

What a strong answer covers

It pairs rows of two tables; a condition says which.

Red flag

Confuses it with a union.

### What is an index?

What a strong answer covers

A sorted copy of some columns that speeds up lookups.

Red flag

Indexes every column.
"""

app = typer.Typer()
app.command()(import_page)
runner = CliRunner()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "sql.md"
    path.write_text(PAGE)
    return path


def run(page: Path, out: Path) -> object:
    args = [str(page), "--topic", "SQL", "--out", str(out)]
    result = runner.invoke(app, args)
    return result.exception or result.stdout


def test_a_page_becomes_drafts_that_load(page: Path, tmp_path: Path) -> None:
    said = str(run(page, tmp_path / "out"))

    rubrics = list(RubricShelf(tmp_path / "out").rubrics())
    assert [r.question.id for r in rubrics] == ["index", "join"]
    assert {r.question.source for r in rubrics} == {"https://example.org/sql"}
    assert str(tmp_path / "out/sql/junior/join/v1.toml") in said
    assert "2 drafts written" in said
    assert "write the hints" in said


def test_a_page_without_an_address_is_its_own_source(
    page: Path, tmp_path: Path
) -> None:
    page.write_text(PAGE.split("---\n")[2])

    run(page, tmp_path / "out")

    (first, _) = RubricShelf(tmp_path / "out").rubrics()
    assert first.question.source == "sql.md"


def test_a_second_import_overwrites_nothing(page: Path, tmp_path: Path) -> None:
    run(page, tmp_path / "out")
    draft = tmp_path / "out/sql/junior/join/v1.toml"
    draft.write_text("edited")

    assert isinstance(run(page, tmp_path / "out"), RubricError)
    assert draft.read_text() == "edited"


def test_a_page_cut_short_writes_nothing(page: Path, tmp_path: Path) -> None:
    page.write_text(PAGE.removesuffix("Indexes every column.\n"))

    error = run(page, tmp_path / "out")

    assert isinstance(error, QuestionPageError)
    assert f"{page}, line 24: " in str(error)
    assert not (tmp_path / "out").exists()
