"""From a grade's parts to what a candidate is told, by templates and no model."""

from collections.abc import Sequence

from grader.grade import Band, Feedback, FlagNote, Got, Missing, ReviewReason, Score
from grader.judgement import Evidence, Finding, Judgement, Verdict
from grader.rubric import Criterion, FlagKind, RedFlag, Rubric
from grader.scoring import seen_flags

NUDGE = "There is one more point to make here. What else would a colleague ask you?"
"""The hint of a criterion whose rubric has none yet."""
UNSURE = 0.25
"""A verdict whose probability lies this near to even is called unsure."""
WHY = {
    ReviewReason.CANNOT_ASSESS: "a point could not be assessed",
    ReviewReason.CONTRADICTION: "one sentence counted for a point and as a red flag",
    ReviewReason.STEERING: "a sentence speaks to the judge",
    ReviewReason.HIDDEN_TEXT: "the answer holds hidden characters",
    ReviewReason.RED_FLAG: "a red flag was seen",
    ReviewReason.LOW_CONFIDENCE: "the judge is unsure",
    ReviewReason.NEAR_CUT: "the score is near a cut between two bands",
}
"""What each reason to look says, the most pressing first."""
_NUMBERS = "no one two three four five six seven eight nine ten".split()


def feedback(
    rubric: Rubric, judgement: Judgement, scored: Score, reveal: bool = False
) -> Feedback:
    """Say what was seen, what was not, what to mind, and one thing to do next.

    States a requirement or the strong answer only where `reveal` is true, and
    quotes nothing but the candidate's own sentences.
    """
    findings = {finding.criterion_id: finding for finding in judgement.findings}
    pairs = [(criterion, findings[criterion.id]) for criterion in rubric.criteria]
    got = tuple(_got(c, f, reveal) for c, f in pairs if f.verdict is Verdict.MET)
    lacking = [(c, f) for c, f in pairs if f.verdict is not Verdict.MET]
    seen = seen_flags(rubric, judgement)
    flags = tuple(_flag_note(flag, judgement, scored) for flag in seen)
    sure = {s.red_flag_id for s in judgement.sightings if not is_unsure(s.probability)}
    return Feedback(
        summary=_summary(scored, len(got), pairs),
        got=got,
        missing=tuple(_missing(c, f, reveal) for c, f in lacking),
        flags=flags,
        # What may be no red flag at all is not what to work on first.
        next=_next(
            [flag for flag in flags if flag.red_flag_id in sure],
            lacking,
            [f for _, f in pairs if f.verdict is Verdict.MET],
        ),
        strong_answer=rubric.strong_answer if reveal else None,
    )


def blank_feedback(rubric: Rubric, reveal: bool = False) -> Feedback:
    """What to say of an answer without a word in it."""
    return Feedback(
        summary="There is no answer here yet.",
        missing=tuple(
            Missing(criterion_id=c.id, message="Not seen.", hints=_hints(c, reveal))
            for c in rubric.criteria
        ),
        next="Write down what you know in a sentence or two; a start is enough.",
        strong_answer=rubric.strong_answer if reveal else None,
    )


def is_unsure(probability: float) -> bool:
    """Whether a probability is too near to even to be stated plainly."""
    return abs(probability - 0.5) < UNSURE


def _summary(
    scored: Score, met: int, pairs: Sequence[tuple[Criterion, Finding]]
) -> str:
    openings = {Band.NONE: "", Band.WEAK: "A start. "}
    opening = openings.get(scored.band, f"{scored.band.value.capitalize()}. ")
    partly = sum(f.verdict is Verdict.PARTIAL for _, f in pairs)
    also = f", {_word(partly)} partly" if partly else ""
    return f"{opening}{_seen(met, len(pairs))} seen in your answer{also}."


def _seen(met: int, total: int) -> str:
    """
    >>> _seen(0, 3), _seen(1, 3), _seen(3, 3)
    ('No point was', 'One of three points was', 'All three points were')
    """
    if met == 0:
        return "No point was"
    if met == total:
        return "The one point was" if total == 1 else f"All {_word(total)} points were"
    verb = "was" if met == 1 else "were"
    return f"{_word(met).capitalize()} of {_word(total)} points {verb}"


def _word(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _got(criterion: Criterion, finding: Finding, reveal: bool) -> Got:
    quotes = quotes_of(finding.evidence)
    sure = "This point was probably seen" if is_unsure(finding.probability) else "Seen"
    said = f"{sure}: your words counted for it" if quotes else f"{sure} in your answer"
    detail = f". {criterion.requirement}" if reveal else "."
    return Got(criterion_id=criterion.id, message=said + detail, quotes=quotes)


def _missing(criterion: Criterion, finding: Finding, reveal: bool) -> Missing:
    if finding.verdict is Verdict.PARTIAL:
        message = "Partly: the start of this point is here, and more can be said."
    elif is_unsure(finding.probability):
        message = "Unsure. A person might read this differently."
    else:
        message = "Not seen in this answer. You may still know it."
    return Missing(
        criterion_id=criterion.id, message=message, hints=_hints(criterion, reveal)
    )


def _hints(criterion: Criterion, reveal: bool) -> tuple[str, ...]:
    hint = criterion.hint or NUDGE
    return (hint, criterion.requirement) if reveal else (hint,)


def _flag_note(flag: RedFlag, judgement: Judgement, scored: Score) -> FlagNote:
    sighting = next(s for s in judgement.sightings if s.red_flag_id == flag.id)
    quotes = quotes_of(sighting.evidence) if flag.kind is FlagKind.STATES else ()
    sure = "A red flag, perhaps" if is_unsure(sighting.probability) else "A red flag"
    message = f"{sure}: the answer reads as one that {_lower_first(flag.statement)}"
    if flag.id == scored.capped_by:
        message += f" With it, an answer is at most {scored.band.value.capitalize()}."
    return FlagNote(red_flag_id=flag.id, message=message, quotes=quotes)


def _lower_first(statement: str) -> str:
    ended = statement if statement.endswith((".", "!", "?")) else f"{statement}."
    return ended[:1].lower() + ended[1:]


def quotes_of(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The candidate's sentences, each on one line."""
    return tuple(" ".join(part.text.split()) for part in evidence)


def _next(
    flags: Sequence[FlagNote],
    lacking: Sequence[tuple[Criterion, Finding]],
    met: Sequence[Finding],
) -> str:
    quoted = next((flag.quotes[0] for flag in flags if flag.quotes), None)
    if quoted:
        return f"Read “{_clip(quoted)}” once more. Is that what you would do?"
    if lacking:
        order = {Verdict.PARTIAL: 0, Verdict.UNMET: 1}
        criterion, _ = max(
            lacking, key=lambda pair: (pair[0].points, -order[pair[1].verdict])
        )
        return criterion.hint or NUDGE
    if flags:
        return "Read the red flag above and say how you would avoid it."
    if any(is_unsure(finding.probability) for finding in met):
        return "Nothing seems to be missing, though not every point was clear to see."
    return "Nothing is missing here. Try the next question."


def _clip(quote: str, longest: int = 120) -> str:
    return quote if len(quote) <= longest else quote[: longest - 1].rstrip() + "…"
