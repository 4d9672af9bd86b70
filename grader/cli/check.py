"""`grader check`: what is wrong with rubrics."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.exits import MEND
from grader.cli.printing import print_json, printable, visible

if TYPE_CHECKING:
    from grader.rubric_lint import Problem


def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="A folder of rubrics, or one file. Default: GRADER_RUBRICS, "
            "or the rubrics that came with the program.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the problems as JSON.")
    ] = False,
) -> None:
    """Say what is wrong with rubrics, and how to mend it."""
    from grader.errors import NotFound
    from grader.releases import changed_under
    from grader.rubric_lint import lint_folder, rubric_paths

    place = folder or _own_rubrics()
    if not place.exists():
        raise NotFound(f"there is no file or folder {str(place)!r}")
    problems = (*lint_folder(place), *changed_under(place))
    if as_json:
        print_json([problem.model_dump(mode="json") for problem in problems])
    else:
        _print(problems, len(rubric_paths(place)))
    if problems:
        raise typer.Exit(MEND)


def _own_rubrics() -> Path:
    from grader.settings import read_settings
    from grader.wiring import content_folder

    return read_settings().rubrics or content_folder("rubrics")


def _print(problems: Sequence["Problem"], checked: int) -> None:
    for problem in problems:
        part = f"{problem.part}: " if problem.part else ""
        print(f"{visible(problem.path)}: {printable(part + problem.message)}")
    files = len({problem.path for problem in problems})
    rubrics = "1 rubric" if checked == 1 else f"{checked} rubrics"
    number = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    where = f"{number} in {files} of them" if problems else "no problems"
    print(f"{rubrics} checked, {where}")
