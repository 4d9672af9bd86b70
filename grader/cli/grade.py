"""`grader grade`: one answer, from the command line, a file or standard input."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.exits import UNGRADED
from grader.cli.options import JsonOption, JudgeOption, RubricsOption
from grader.cli.printing import print_json
from grader.errors import InputError


def grade(
    question_id: Annotated[
        str, typer.Argument(metavar="QUESTION_ID", help="See `grader questions`.")
    ],
    source: Annotated[
        str | None,
        typer.Argument(metavar="-", help="`-` reads the answer from standard input."),
    ] = None,
    answer: Annotated[
        str | None, typer.Option("--answer", help="The answer itself.")
    ] = None,
    answer_file: Annotated[
        Path | None, typer.Option("--answer-file", help="A UTF-8 file that holds it.")
    ] = None,
    judge: JudgeOption = None,
    rubrics: RubricsOption = None,
    reveal: Annotated[
        bool,
        typer.Option(
            "--reveal", help="Show what each point asks for, and a strong answer."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Grade one answer and show what was seen in it.

    Exits with 3 where the answer could not be judged.
    """
    received = _read(source, answer, answer_file)

    import asyncio

    from grader.settings import read_settings
    from grader.wiring import build

    grader = build(read_settings(judge=judge, rubrics=rubrics))
    outcome = asyncio.run(grader.grade(question_id, received, reveal))
    if as_json:
        print_json(outcome.model_dump(mode="json"))
    else:
        from grader.cli.show import show

        show(outcome, grader.shelf.rubric(question_id))
    if outcome.kind == "ungraded":
        raise typer.Exit(UNGRADED)


def _read(
    source: str | None, answer: str | None, answer_file: Path | None
) -> str | bytes:
    """The answer from the one place that was named."""
    if source not in (None, "-"):
        raise typer.BadParameter(f"{source!r}: only `-` can stand here; use --answer")
    if sum(given is not None for given in (source, answer, answer_file)) != 1:
        raise typer.BadParameter("give one of --answer, --answer-file or `-`")
    if answer is not None:
        return answer
    if answer_file is None:
        return sys.stdin.buffer.read()
    try:
        return answer_file.read_bytes()
    except OSError as exc:
        raise InputError(
            f"{str(answer_file)!r} cannot be read: {exc.strerror}"
        ) from exc
