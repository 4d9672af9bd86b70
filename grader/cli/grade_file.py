"""`grader grade-file`: a file of answers to a file of grades."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.exits import INTERRUPTED, MEND
from grader.cli.options import JudgeOption, RubricsOption
from grader.cli.printing import say

if TYPE_CHECKING:
    from grader.batch import Tally

MOST_NAMED = 20
"""Unreadable lines that are named one by one."""


def grade_file(
    answers: Annotated[
        Path, typer.Argument(help="JSON lines, or a .csv file with a header.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Where the grades go (JSON lines).")
    ],
    judge: JudgeOption = None,
    rubrics: RubricsOption = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Answers graded at once.", show_default="cores"
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with OUT; nothing is graded twice."),
    ] = False,
) -> None:
    """Grade a file of answers, one line each, in order.

    Each answer has `id`, `candidate`, `question_id` and `answer`; other fields
    pass through. Lines that cannot be read are named, and the rest is graded.
    """
    import asyncio

    from grader.batch import grade_file as grade_all
    from grader.errors import InputError
    from grader.settings import read_settings
    from grader.wiring import build

    if not answers.is_file():
        raise InputError(f"there is no file of answers at {str(answers)!r}")
    grader = build(read_settings(judge=judge, rubrics=rubrics))
    workers = workers or os.cpu_count() or 1
    try:
        with _Bar(answers) as bar:
            tally = asyncio.run(
                grade_all(grader, answers, out, workers, resume, bar.progress)
            )
    except KeyboardInterrupt as exc:
        say("Interrupted. What was graded is kept; run it again with --resume")
        raise typer.Exit(INTERRUPTED) from exc
    _report(tally, answers, out)
    if tally.stopped or tally.unreadable:
        raise typer.Exit(MEND)


class _Bar:
    """A progress bar with rate and time left, on a terminal; else nothing."""

    def __init__(self, answers: Path) -> None:
        self.progress: Callable[[Tally], None] = lambda _: None
        self._answers = answers
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> "_Bar":
        if sys.stderr.isatty():
            self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        from grader.answer_files import count_lines

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{task.speed:.1f}/s" if task.speed else "")

        columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
        shown = Progress(TextColumn("Grading"), *columns, console=Console(stderr=True))
        task = shown.add_task("", total=count_lines(self._answers))
        shown.start()
        self._stop = shown.stop
        self.progress = lambda tally: shown.update(task, completed=tally.done)


def _report(tally: "Tally", answers: Path, out: Path) -> None:
    from grader.batch import AGAIN

    for line in tally.unreadable[:MOST_NAMED]:
        say(f"{answers}, line {line.line} {line.reason}")
    if len(tally.unreadable) > MOST_NAMED:
        say(f"... and {len(tally.unreadable) - MOST_NAMED} more lines")
    parts = [f"{tally.graded} graded"]
    if tally.kept:
        parts.append(f"{tally.kept} kept from before")
    for code, n in sorted(tally.ungraded.items()):
        again = "; --resume grades these again" if code == AGAIN else ""
        parts.append(f"{n} ungraded ({code}{again})")
    if tally.unreadable:
        parts.append(f"{len(tally.unreadable)} unreadable")
    say(f"{out}: {', '.join(parts)}")
    if tally.stopped:
        say(
            f"Stopped: {tally.stopped}. What was graded is kept; mend this and run "
            "the same command with --resume"
        )
