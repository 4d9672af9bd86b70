"""`grader scorecard`: a file of grades to what an interviewer reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.exits import MEND
from grader.cli.options import JsonOption, RubricsOption
from grader.cli.printing import print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.scorecard.reading import RubricsAtHand, Scorecard
    from grader.scorecard.results import CandidateResult

MOST_NAMED = 20
"""Lines that are named one by one, of those that are unreadable or repeated."""


def scorecard(
    grades: Annotated[
        Path, typer.Argument(help="A file of grades, as `grade-file` writes it.")
    ],
    candidate: Annotated[
        str | None,
        typer.Option("--candidate", metavar="NAME", help="Only this candidate."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="OUT.html", help="Write a page to read or print, too."
        ),
    ] = None,
    rubrics: RubricsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how candidates did: an order in tiers, strengths, gaps, what to ask.

    A question that anybody in the file answered counts for everybody: without an
    answer it counts 0. An answer without a score is left out and named.
    """
    from grader.scorecard.reading import RubricsAtHand, named, read_scorecard
    from grader.settings import read_settings
    from grader.wiring import open_shelf

    at_hand = RubricsAtHand(open_shelf(read_settings(rubrics=rubrics)))
    card = read_scorecard(grades, at_hand)
    results = card.results if candidate is None else (named(card, candidate),)
    if html is not None:
        from grader.scorecard.page import write_page

        write_page(html, card, results, at_hand)
    if as_json:
        _print_json(card, results, at_hand, detailed=candidate is not None)
    else:
        from grader.cli.scorecard_show import show

        show(card, results, at_hand)
    _report(card, html)
    if card.unreadable:
        raise typer.Exit(MEND)


def _print_json(
    card: "Scorecard",
    results: "Sequence[CandidateResult]",
    rubrics: "RubricsAtHand",
    detailed: bool,
) -> None:
    from dataclasses import asdict

    from grader.scorecard.card import read_card

    candidates = []
    for result in results:
        fields = result.model_dump(mode="json")
        if detailed:
            details = read_card(card, result, rubrics)
            fields["card"] = details.model_dump(mode="json", exclude={"questions"})
        candidates.append(fields)
    found = {
        "asked": [question.model_dump(mode="json") for question in card.asked],
        "candidates": candidates,
        "judges": dict(card.judges),
        "mixed_rubrics": list(card.mixed_rubrics),
        "unreadable": [asdict(line) for line in card.unreadable],
        "repeated": [asdict(line) for line in card.repeated],
    }
    print_json(found)


def _report(card: "Scorecard", html: Path | None) -> None:
    """Say on standard error what is not part of the scorecard itself."""
    for line in card.unreadable[:MOST_NAMED]:
        say(f"{card.path}, line {line.line} {line.reason}")
    _say_more(len(card.unreadable))
    for again in card.repeated[:MOST_NAMED]:
        say(
            f"{card.path}, line {again.line}: {again.candidate!r} was graded before "
            f"for {again.question_id!r}; the first grade counts"
        )
    _say_more(len(card.repeated))
    if html is not None:
        say(f"{html}: written")


def _say_more(number: int) -> None:
    if number > MOST_NAMED:
        say(f"... and {number - MOST_NAMED} more lines")
