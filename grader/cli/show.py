"""How an outcome looks on a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grader.cli.printing import printable
from grader.feedback import WHY
from grader.grade import Grade, Outcome, Ungraded
from grader.judgement import Finding, Verdict
from grader.rubric import Rubric

SIGNS = {
    Verdict.MET: ("✓", "green", "Met"),
    Verdict.PARTIAL: ("◐", "yellow", "Partly"),
    Verdict.UNMET: ("○", "bright_black", "Not seen"),
}


def show(outcome: Outcome, rubric: Rubric, console: Console | None = None) -> None:
    """Print a grade, or why there is none. Colours only on a terminal."""
    console = console or Console(highlight=False, soft_wrap=False)
    console.print(Text(printable(rubric.question.text), style="bold"))
    if isinstance(outcome, Ungraded):
        console.print(Text.assemble(("Ungraded: ", "bold"), printable(outcome.reason)))
        console.print("The answer has no score; it does not count as zero.")
        return
    for line in _lines(outcome):
        console.print(line)


def _lines(grade: Grade) -> Iterator[Text | Padding]:
    low, high = grade.interval
    yield Text.assemble(
        (f"{grade.band.value.capitalize()}  ", "bold"),
        f"{grade.percent:.0f} of 100",
        (f"  (likely {low:.0f} to {high:.0f})", "bright_black"),
    )
    yield Text(printable(grade.feedback.summary))
    yield Text()
    told: dict[str, tuple[str, ...]] = {
        g.criterion_id: (g.message,) for g in grade.feedback.got
    }
    told |= {m.criterion_id: (m.message, *m.hints) for m in grade.feedback.missing}
    for number, finding in enumerate(grade.findings, start=1):
        yield from _point(number, finding, told[finding.criterion_id])
    for flag in grade.feedback.flags:
        yield Text.assemble(("⚑ ", "red"), printable(flag.message))
        yield from (_quote(quote) for quote in flag.quotes)
    yield Text()
    yield Text.assemble(("Next  ", "bold"), printable(grade.feedback.next))
    if grade.feedback.strong_answer:
        strong = printable(grade.feedback.strong_answer)
        yield Text.assemble(("A strong answer  ", "bold"), strong)
    if grade.review:
        why = "; ".join(WHY[reason] for reason in grade.review)
        yield Text(f"A person should look: {why}.", style="bright_black")


def _point(
    number: int, finding: Finding, told: tuple[str, ...]
) -> Iterator[Text | Padding]:
    sign, style, word = SIGNS[finding.verdict]
    likely = f"  {finding.probability:.0%} likely met"
    yield Text.assemble(
        (f"{sign} ", style), f"Point {number}: {word}", (likely, "bright_black")
    )
    if finding.verdict is not Verdict.UNMET:
        yield from (_quote(evidence.text) for evidence in finding.evidence)
    yield from (_indented(Text(printable(line))) for line in told)


def _quote(quote: str) -> Padding:
    return _indented(Text(f"“{printable(quote)}”", style="italic"))


def _indented(line: Text) -> Padding:
    return Padding(line, (0, 0, 0, 2), expand=False)
