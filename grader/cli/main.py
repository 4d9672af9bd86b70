"""The `grader` command. How an error looks on a terminal is decided here."""

import errno
import os
import sys
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from grader import __version__
from grader.cli.check import check
from grader.cli.exits import INTERRUPTED, MEND
from grader.cli.fit import fit
from grader.cli.grade import grade
from grader.cli.grade_file import grade_file
from grader.cli.import_ import import_page
from grader.cli.printing import visible
from grader.cli.questions import questions
from grader.cli.release import release
from grader.cli.scorecard import scorecard
from grader.cli.serve import serve
from grader.errors import GraderError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
"""Errors that name no file and yet are the caller's to mend."""


class Commands(TyperGroup):
    """The commands; Ctrl+C ends any of them with one line and no traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as exc:
            print("grader: interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from exc


app = typer.Typer(
    name="grader",
    cls=Commands,
    help="Grade free-text answers to interview questions, point by point, with "
    "the candidate's own sentences as evidence. It recommends; a person decides.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (questions, grade, grade_file, scorecard):
    app.command(rich_help_panel="Grade")(command)
app.command("import", rich_help_panel="Write rubrics")(import_page)
for about_rubrics in (check, release, fit):
    app.command(rich_help_panel="Write rubrics")(about_rubrics)
app.command(rich_help_panel="Serve")(serve)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"grader {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Errors of ours are one line on standard error, exit 1."""
    _print_what_can_be_printed()
    try:
        app(arguments, prog_name="grader")
    except GraderError as exc:
        _fail(str(exc))
    except OSError as exc:
        # Anything else is no matter of the caller's files, but a bug.
        if exc.filename is None and exc.errno not in DISK_FULL:
            raise
        where = f"{str(exc.filename)!r}: " if exc.filename else ""
        _fail(f"{where}{exc.strerror}")
    finally:
        _flush()


def _fail(message: str) -> NoReturn:
    lines = (visible(line) for line in message.split("\n"))
    print("grader:", "\n".join(lines), file=sys.stderr)
    sys.exit(MEND)


def _print_what_can_be_printed() -> None:
    """Where an output cannot carry a sign, print `?` rather than nothing at all."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _flush() -> None:
    """Write what is left now: at exit, Python would answer a failure with a trace.

    That the reader has gone, as in `grader questions | head -1`, is not worth a word.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as exc:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(exc, BrokenPipeError):
            print(f"grader: nothing can be printed: {exc.strerror}", file=sys.stderr)
        sys.exit(MEND)
