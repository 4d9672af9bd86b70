"""How a scorecard looks on a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.cli.printing import printable
from grader.cli.show import SIGNS
from grader.grade import Band
from grader.scorecard.card import (
    Card,
    FlagSeen,
    FollowUp,
    Point,
    QuestionCard,
    look_first,
    read_card,
    reasons,
)
from grader.scorecard.reading import RubricsAtHand, Scorecard
from grader.scorecard.results import CandidateResult, GradedAnswer, UngradedAnswer

MOST_IN_FULL = 6
"""With more candidates than this, only their order is shown."""
MOST_RANKED = 200
MOST_FIRST = 10
STYLES = {
    Band.NONE: "bright_black",
    Band.WEAK: "bright_black",
    Band.MIXED: "yellow",
    Band.GOOD: "green",
    Band.STRONG: "green",
}
SOFT = "bright_black"


def show(
    scorecard: Scorecard,
    results: Sequence[CandidateResult],
    rubrics: RubricsAtHand,
    console: Console | None = None,
) -> None:
    """Print the order of several candidates, and each in full where they are few."""
    console = console or Console(highlight=False)
    console.print(_opening(scorecard, results))
    if len(results) > 1:
        console.print(_ranking(results[:MOST_RANKED]))
        for line in _below_the_ranking(scorecard, results):
            console.print(line)
    if len(results) > MOST_IN_FULL:
        example = _quoted(results[0].candidate)
        console.print(
            Text(f"One in full: --candidate {example}. All on a page: --html OUT.html")
        )
        return
    for result in results:
        for part in _in_full(scorecard, result, read_card(scorecard, result, rubrics)):
            console.print(part)


def _opening(scorecard: Scorecard, results: Sequence[CandidateResult]) -> Text:
    graded = sum(len(result.graded) for result in results)
    look = sum(len(result.to_review) for result in results)
    judges = "; ".join(printable(judge) for judge in scorecard.judges) or "nobody"
    opening = Text.assemble(
        ("It recommends; a person decides.", "bold"),
        f" Judged by {judges}. {look} of {_count(graded, 'grade')} "
        f"need{'s' if graded == 1 else ''} a person's look.",
    )
    if len(scorecard.judges) > 1:
        opening.append(" Several judges or versions made these: compare with care.")
    if scorecard.mixed_rubrics:
        ids = ", ".join(map(printable, scorecard.mixed_rubrics))
        opening.append(f" Graded by more than one version of the rubric: {ids}.")
    return opening


# --- the order of several ------------------------------------------------------


def _ranking(results: Sequence[CandidateResult]) -> Table:
    levels = list(dict.fromkeys(of.level for r in results for of in r.levels))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=SOFT)
    table.add_column("Tier", justify="right")
    table.add_column("Candidate", overflow="ellipsis", no_wrap=True, min_width=8)
    table.add_column("Mean", justify="right")
    table.add_column("Likely", no_wrap=True)
    for level in levels:
        table.add_column(level.value if level else "other", no_wrap=True)
    table.add_column("Flags", justify="right")
    table.add_column("Look", justify="right")
    for result in results:
        bands = {of.level: of.band for of in result.levels}
        ours = result.standing
        table.add_row(
            str(result.tier or "-"),
            Text(printable(result.candidate) + (" *" if result.provisional else "")),
            f"{ours.mean:.0f}" if ours else "-",
            _range(ours.interval) if ours else "-",
            *(_band(bands[of]) if of in bands else Text("-") for of in levels),
            Text(str(result.flags), style="red" if result.flags else SOFT),
            str(len(result.to_review)),
        )
    return table


def _below_the_ranking(
    scorecard: Scorecard, results: Sequence[CandidateResult]
) -> Iterator[RenderableType]:
    if len(results) > MOST_RANKED:
        yield Text(f"... and {len(results) - MOST_RANKED} more; --json has them all")
    asked = _count(len(scorecard.asked), "question")
    notes = f"{asked} asked; unanswered counts 0. Those in one tier cannot be told "
    notes += "apart on this evidence."
    if any(result.provisional for result in results):
        notes += " * provisional: an answer has no score yet, and is left out."
    yield Text(notes, style=SOFT)
    first = look_first(results)
    if first:
        yield Text()
        yield Text("Look at these first", style="bold")
        yield _indented(_first(first[:MOST_FIRST]))
    if len(first) > MOST_FIRST:
        yield Text(f"  ... and {len(first) - MOST_FIRST} more", style=SOFT)
    yield Text()


def _first(first: Sequence[tuple[str, GradedAnswer]]) -> Table:
    table = _bare_table()
    table.add_column(overflow="ellipsis", no_wrap=True, min_width=8)
    table.add_column(overflow="ellipsis", no_wrap=True, min_width=8)
    table.add_column(overflow="fold", min_width=30)
    for name, answer in first:
        why = "; ".join(map(printable, reasons(answer.review)))
        id = Text(printable(answer.question_id))
        table.add_row(Text(printable(name)), id, Text(why, style=SOFT))
    return table


def _bare_table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)


# --- one in full ---------------------------------------------------------------


def _in_full(
    scorecard: Scorecard, result: CandidateResult, card: Card
) -> Iterator[RenderableType]:
    yield Text()
    yield Text(printable(result.candidate), style="bold underline")
    yield _sum(scorecard, result)
    yield from _left_out(scorecard, result)
    yield Text()
    yield _grid(card.questions)
    yield from _section("Red flags", (_flag(flag) for flag in card.flags))
    yield from _section("Strengths", (_strength(point) for point in card.strengths))
    yield from _section("Not seen, or only partly", (_gap(p) for p in card.gaps))
    yield from _section("To ask in the next interview", (_ask(it) for it in card.ask))


def _sum(scorecard: Scorecard, result: CandidateResult) -> Text:
    ours = result.standing
    if ours is None:
        return Text("No answer could be scored yet.")
    line = _band(ours.band, capital=True)
    line.append(f"  {ours.mean:.0f} of 100", style="default")
    line.append(f"  (likely {_range(ours.interval)})", style=SOFT)
    ranked = sum(other.tier is not None for other in scorecard.results)
    if ranked > 1:
        line.append(f"  tier {result.tier} among {ranked} candidates", style=SOFT)
    return line


def _left_out(scorecard: Scorecard, result: CandidateResult) -> Iterator[Text]:
    texts = {question.id: question.text for question in scorecard.asked}
    for answer in result.ungraded:
        text = printable(texts.get(answer.question_id, answer.question_id))
        yield Text(f"Provisional, no score: {text}: {printable(answer.reason)}")
    if result.provisional and not result.ungraded:
        yield Text("Provisional: an unanswered question may be on an unreadable line.")
    for id in result.unanswered:
        yield Text(f"Not answered, counts 0: {printable(texts[id])}")


def _grid(cards: Sequence[QuestionCard]) -> Table:
    table = _bare_table()
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=3)
    table.add_column(overflow="fold", ratio=1)
    last: object = object()
    for card in cards:
        level = card.question.level
        name = (level.value if level else "other") if level != last else ""
        table.add_row(Text(name, style=SOFT), *_cells(card))
        last = level
    return table


def _cells(card: QuestionCard) -> tuple[Text, Text, Text, Text]:
    text = Text(printable(card.question.text))
    if card.outcome is None:
        return Text("unanswered", style=SOFT), Text("0"), Text(), text
    if isinstance(card.outcome, UngradedAnswer):
        return Text("no score", style=SOFT), Text("-"), Text(), text
    outcome: GradedAnswer = card.outcome
    signs = Text()
    for point in card.points:
        sign, style, _ = SIGNS[point.verdict]
        signs.append(sign, style=style)
    if outcome.flags:
        signs.append("⚑" * len(outcome.flags), style="red")
    if outcome.review:
        why = ", ".join(printable(r).replace("_", " ") for r in outcome.review)
        text.append(f" look: {why}", style=SOFT)
    percent = Text(f"{outcome.percent:.0f} ({_range(outcome.interval)})")
    return _band(outcome.band), percent, signs, text


def _section(
    title: str, items: Iterable[Sequence[RenderableType]]
) -> Iterator[RenderableType]:
    lines = [line for item in items for line in item]
    if lines:
        yield Text()
        yield Text(title, style="bold")
        yield from (_indented(line) for line in lines)


def _flag(flag: FlagSeen) -> list[RenderableType]:
    perhaps = "Perhaps: " if flag.unsure else ""
    cap = " It caps this answer." if flag.capped else ""
    said = f"{perhaps}{printable(flag.says)}{cap} "
    return [
        Text.assemble(("⚑ ", "red"), said, _from(flag)),
        *map(_quote, flag.quotes),
    ]


def _strength(point: Point) -> list[RenderableType]:
    sign, style, _ = SIGNS[point.verdict]
    said = Text.assemble((f"{sign} ", style), f"{printable(point.says)} ", _from(point))
    return [said, _quote(point.quotes[0])]


def _gap(point: Point) -> list[RenderableType]:
    sign, style, word = SIGNS[point.verdict]
    word = f"Unsure, {word.lower()}" if point.unsure else word
    said = f"{word}: {printable(point.says)} "
    return [Text.assemble((f"{sign} ", style), said, _from(point))]


def _ask(item: FollowUp) -> list[RenderableType]:
    why = Text(f"{printable(item.question.text)} {printable(item.why)}", style=SOFT)
    return [Text(printable(item.ask)), _indented(why)]


def _from(part: Point | FlagSeen) -> tuple[str, str]:
    return f"[{printable(part.question.id)}]", SOFT


def _quote(quote: str) -> Padding:
    return _indented(Text(f"“{printable(quote)}”", style="italic"))


def _indented(line: RenderableType) -> Padding:
    return Padding(line, (0, 0, 0, 2), expand=False)


def _band(band: Band, capital: bool = False) -> Text:
    word = band.value.capitalize() if capital else band.value
    return Text(word, style=STYLES[band])


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.0f} to {interval[1]:.0f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(printable(name))
