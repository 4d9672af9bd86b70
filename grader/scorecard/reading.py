"""From a file of grades, read one line at a time, to a scorecard of everybody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from grader.answer_files import Unreadable
from grader.errors import InputError, NotFound
from grader.grade import UngradedCode
from grader.judgement import Judgement, Verdict, covers
from grader.rubric import Rubric
from grader.rubric_files import RubricShelf
from grader.scorecard.grade_lines import (
    GradeLine,
    clean_name,
    fields_of,
    grade_of,
    name_of,
    question_of,
    raw_lines,
)
from grader.scorecard.results import (
    AskedQuestion,
    CandidateResult,
    GradedAnswer,
    Spread,
    UngradedAnswer,
    level_results,
    rank,
    standing,
)
from grader.scoring import Distribution, distribution, spread_out

CLOSE = 0.1
"""How far a rubric may miss a grade's `expected`, which was rounded, and fit it."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A line with one more grade of the same candidate for the same question."""

    line: int
    candidate: str
    question_id: str


@dataclass(frozen=True)
class Scorecard:
    """Everybody in one file of grades, in order. `judges` counts what judged them."""

    path: Path
    asked: tuple[AskedQuestion, ...]
    results: tuple[CandidateResult, ...]
    judges: Mapping[str, int]
    mixed_rubrics: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]
    repeated: tuple[Repeated, ...]


class RubricsAtHand:
    """The newest rubrics of a shelf; None for an unknown question."""

    def __init__(self, shelf: RubricShelf) -> None:
        self.order = {id: place for place, id in enumerate(shelf.paths)}
        self._shelf = shelf

    def find(self, question_id: str) -> Rubric | None:
        """The rubric, or None where the shelf has none for the question."""
        try:
            return self._shelf.rubric(question_id)
        except NotFound:
            return None

    def question(self, question_id: str) -> AskedQuestion:
        """The question as asked, or its id where no rubric is at hand."""
        rubric = self.find(question_id)
        if rubric is None:
            return AskedQuestion(id=question_id, text=question_id)
        asked = rubric.question
        return AskedQuestion(id=question_id, text=asked.text, level=asked.level)


def read_scorecard(path: Path, rubrics: RubricsAtHand) -> Scorecard:
    """Read a file of grades.

    Of several grades by one candidate for one question the first counts; a grade
    counts before any `ungraded`. Asked is what occurs for anybody. Raises
    `InputError` where there is no file, or no line of it can be read.
    """
    file = _Gathered(rubrics)
    try:
        with path.open("rb") as opened:
            for number, offset, raw in raw_lines(opened):
                file.take(number, offset, raw)
    except OSError as exc:
        raise InputError(
            f"{str(path)!r} cannot be read: {exc.strerror or exc}"
        ) from exc
    if not file.candidates:
        first = file.unreadable[0] if file.unreadable else None
        why = f": line {first.line} {first.reason}" if first else ""
        raise InputError(f"{str(path)!r} holds no grades{why}")
    return file.scorecard(path)


def named(scorecard: Scorecard, name: str) -> CandidateResult:
    """The result of one candidate. Raises `NotFound` that lists names like it."""
    wanted = clean_name(name)
    by_name = {result.candidate: result for result in scorecard.results}
    if wanted in by_name:
        return by_name[wanted]
    alike: dict[str, list[str]] = {}
    for known in by_name:
        alike.setdefault(known.casefold(), []).append(known)
    near = get_close_matches(wanted.casefold(), alike, n=5, cutoff=0.5)
    names = [name for folded in near for name in alike[folded]][:5]
    hint = (
        f"did you mean {' or '.join(map(repr, names))}?"
        if names
        else (f"{len(by_name)} others are there; without --candidate they are listed")
    )
    raise NotFound(
        f"there is no candidate {wanted!r} in {str(scorecard.path)!r}; {hint}"
    )


def spread_of(line: GradeLine, rubric: Rubric | None) -> Distribution:
    """How probable each percent of one grade is.

    Exact where the rubric at hand reproduces the grade's `expected`. Else the
    rubric has changed or is missing, and the grade's own interval is spread as
    widely as its `expected` allows: all the probability at its two ends.
    """
    judgement = Judgement(findings=line.findings, sightings=line.sightings)
    if rubric is not None and covers(judgement, rubric):
        exact = distribution(rubric, judgement)
        mean = sum(percent * share for percent, share in exact.items())
        if abs(mean - line.expected) <= CLOSE:
            return spread_out(rubric, judgement)
    low, high = line.interval
    if high - low < CLOSE:
        return {line.expected: 1.0}
    share = min(1.0, max(0.0, (line.expected - low) / (high - low)))
    return {low: 1 - share, high: share}


@dataclass
class _Candidate:
    graded: dict[str, tuple[GradedAnswer, Spread]] = field(default_factory=dict)
    ungraded: dict[str, UngradedAnswer] = field(default_factory=dict)


class _Gathered:
    """What has been read of a file so far."""

    def __init__(self, rubrics: RubricsAtHand) -> None:
        self.candidates: dict[str, _Candidate] = {}
        self.unreadable: list[Unreadable] = []
        self._rubrics = rubrics
        self._repeated: list[Repeated] = []
        self._judges: Counter[str] = Counter()
        self._digests: dict[str, set[str]] = {}
        self._asked: set[str] = set()
        self._somebodys_answer_is_lost = False

    def take(self, number: int, offset: int, raw: bytes) -> None:
        """Read one line; what cannot be read is noted."""
        try:
            fields = fields_of(raw)
            name = name_of(fields)
        except ValueError as exc:
            self.unreadable.append(Unreadable(number, str(exc)))
            self._somebodys_answer_is_lost = True
            return
        candidate = self.candidates.setdefault(name, _Candidate())
        question_id = question_of(fields)
        if fields.get("kind") == "ungraded":
            self._take_ungraded(candidate, question_id, fields)
            return
        try:
            line = grade_of(fields)
        except ValueError as exc:
            self.unreadable.append(Unreadable(number, str(exc)))
            lost = {"code": "unreadable", "reason": f"line {number} {exc}"}
            self._take_ungraded(candidate, question_id, lost)
            return
        if question_id in candidate.graded:
            self._repeated.append(Repeated(number, name, question_id))
            return
        self._take_grade(candidate, question_id, line, offset)

    def _take_ungraded(
        self, candidate: _Candidate, question_id: str, fields: dict[str, Any]
    ) -> None:
        code = str(fields.get("code", "unknown"))
        reason = str(fields.get("reason") or "no reason was given")
        candidate.ungraded.setdefault(
            question_id,
            UngradedAnswer(question_id=question_id, code=code, reason=reason),
        )
        # A misspelt question id was asked of nobody, and is no zero for the others.
        if code != UngradedCode.UNKNOWN_QUESTION.value:
            self._asked.add(question_id)

    def _take_grade(
        self, candidate: _Candidate, question_id: str, line: GradeLine, offset: int
    ) -> None:
        kept = GradedAnswer(
            question_id=question_id,
            percent=line.percent,
            expected=line.expected,
            band=line.band,
            interval=line.interval,
            capped_by=line.capped_by,
            review=line.review,
            flags=tuple(s.red_flag_id for s in line.sightings if s.seen),
            met=sum(f.verdict is Verdict.MET for f in line.findings),
            criteria=len(line.findings),
            offset=offset,
        )
        spread = Spread.of(spread_of(line, self._rubrics.find(question_id)))
        candidate.graded[question_id] = kept, spread
        self._asked.add(question_id)
        made = line.provenance
        model = f" ({made.model})" if made.model else ""
        self._judges[f"{made.judge}{model}, version {made.package_version}"] += 1
        if made.rubric_digest:
            self._digests.setdefault(question_id, set()).add(made.rubric_digest)

    def scorecard(self, path: Path) -> Scorecard:
        """The results of everybody, once the whole file has been read."""
        order = self._rubrics.order
        ids = sorted(self._asked, key=lambda id: (order.get(id, len(order)), id))
        asked = tuple(self._rubrics.question(id) for id in ids)
        results = (self._result(name, asked) for name in self.candidates)
        return Scorecard(
            path=path,
            asked=asked,
            results=rank(results),
            judges=dict(sorted(self._judges.items())),
            mixed_rubrics=tuple(id for id in ids if len(self._digests.get(id, ())) > 1),
            unreadable=tuple(self.unreadable),
            repeated=tuple(self._repeated),
        )

    def _result(self, name: str, asked: tuple[AskedQuestion, ...]) -> CandidateResult:
        candidate = self.candidates[name]
        kept = {q.id: candidate.graded[q.id] for q in asked if q.id in candidate.graded}
        graded = tuple(answer for answer, _ in kept.values())
        ungraded = tuple(
            answer
            for id, answer in sorted(candidate.ungraded.items())
            if id not in kept
        )
        left_out = frozenset(answer.question_id for answer in ungraded)
        unanswered = tuple(
            q.id for q in asked if q.id not in kept and q.id not in left_out
        )
        # Random numbers are handed out by id: a new rubric moves nobody's interval.
        spreads = [kept[id][1] for id in sorted(kept)]
        percents = {answer.question_id: answer.percent for answer in graded}
        return CandidateResult(
            candidate=name,
            standing=standing(graded, spreads, len(graded) + len(unanswered)),
            provisional=bool(
                ungraded or (unanswered and self._somebodys_answer_is_lost)
            ),
            levels=level_results(asked, percents, left_out),
            graded=graded,
            ungraded=ungraded,
            unanswered=unanswered,
        )
