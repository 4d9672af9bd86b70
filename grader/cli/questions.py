"""`grader questions`: which questions there are."""

from typing import Annotated, Literal

import typer

from grader.cli.options import JsonOption, RubricsOption
from grader.cli.printing import print_json, printable

Levels = Literal["junior", "mid", "senior"]
"""The values of `grader.rubric.Level`, whose import would slow every --help."""


def questions(
    level: Annotated[Levels | None, typer.Option(help="Only this level.")] = None,
    rubrics: RubricsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the questions that answers can be graded for."""
    from grader.catalogue import question_rows
    from grader.settings import read_settings
    from grader.wiring import open_shelf

    shelf = open_shelf(read_settings(rubrics=rubrics))
    rows = [row for row in question_rows(shelf) if level in (None, row.level)]
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    width = max((len(row.id) for row in rows), default=0)
    for row in rows:
        print(f"{row.level.value:<6}  {row.id:<{width}}  {printable(row.text)}")
