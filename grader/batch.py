"""Grade a file of answers: in order, in bounded memory, and safe to kill.

Each outcome is appended to the file of grades as soon as its turn comes. A run
that resumes keeps every outcome that is there, appends what is missing, and in
the end rewrites the file once, in the order of the answers.
"""

import asyncio
import json
import os
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from grader.answer_files import AnswerLine, Unreadable, first_repeated_id, read_lines
from grader.errors import AnswerError, InputError, NotFound
from grader.grade import Outcome, Provenance, Ungraded, UngradedCode
from grader.grading import Grader, provenance
from grader.judgement import Usage

AHEAD = 4
"""Answers in flight or waiting for their turn, per worker."""
_BEGINNING = b'{"id"'
"""How each line of grades begins."""
_NOT_TEXT = (
    'the answer is not text. Put it in quotes, or "" where there is none, and grade '
    "the line again"
)
AGAIN = UngradedCode.PROVIDER_UNAVAILABLE.value
"""Answers that are ungraded for this are graded again by a run that resumes."""
_ALIKE = ("judge", "prompt_digest", "calibration_digest")
"""Fields of provenance that all outcomes of one file share."""


@dataclass
class Tally:
    """What a run did so far, for its progress bar and closing line."""

    kept: int = 0
    graded: int = 0
    ungraded: Counter[str] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)
    stopped: str | None = None

    @property
    def done(self) -> int:
        """Lines that are dealt with."""
        handled = self.kept + self.graded + len(self.unreadable)
        return handled + sum(self.ungraded.values())


async def grade_file(
    grader: Grader,
    answers: Path,
    grades: Path,
    workers: int,
    resume: bool = False,
    progress: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Grade every line of `answers` into `grades`, one JSON object per line.

    Raises `InputError`, and changes nothing, where a file cannot be read, ids do
    not tell the answers apart, or the grades must not be written. Stops early, and
    says so in the tally, where the provider cannot be waited for.
    """
    tally = Tally()
    _refuse_the_answers_themselves(answers, grades)
    _refuse_repeated_ids(answers)
    kept: Container[int] = ()
    if resume and grades.exists():
        kept = _resume_from(answers, grades, provenance(grader.judge))
    else:
        _start(grades)
    with grades.open("ab") as file:
        todo = _skip(read_lines(answers), kept, tally)
        async for line, outcome in _in_order(grader, todo, workers):
            if isinstance(line, Unreadable):
                tally.unreadable.append(line)
            elif _is_blocked(outcome):
                tally.stopped = outcome.reason
                break
            else:
                _append(file, _as_line(line, outcome))
                _count(tally, outcome)
            progress(tally)
        if grades.is_file():
            os.fsync(file.fileno())
    if resume:
        _put_in_order(answers, grades)
    return tally


def _refuse_the_answers_themselves(answers: Path, grades: Path) -> None:
    if grades.exists() and answers.exists() and grades.samefile(answers):
        raise InputError(
            f"{str(grades)!r} holds the answers; name another file with --out"
        )


def _refuse_repeated_ids(answers: Path) -> None:
    """Reads every line, so a file that holds no answers is refused here too."""
    repeated = first_repeated_id(answers)
    if repeated:
        id, first, second = repeated
        raise InputError(
            f"{str(answers)!r}, lines {first} and {second}: id {id!r} occurs twice, "
            "so the outcomes cannot be told apart. Make the ids unique"
        )


def _start(grades: Path) -> None:
    if grades.exists() and grades.stat().st_size:
        raise InputError(
            f"{str(grades)!r} exists. Use --resume to go on with it, "
            "or name another file with --out"
        )
    try:
        grades.parent.mkdir(parents=True, exist_ok=True)
        grades.touch()
    except OSError as exc:
        raise InputError(f"{str(grades)!r} cannot be written: {exc.strerror}") from exc


def _resume_from(answers: Path, grades: Path, now: Provenance) -> Container[int]:
    """Hashes of the ids that need no grading again. Drops a torn last line."""
    kept: dict[int, int] = {}
    end = 0
    for at, raw, outcome in _outcomes(grades):
        end = at + len(raw)
        before = outcome["provenance"]
        _refuse_another_judge(grades, before, now)
        key = hash(str(outcome["id"]))
        kept.pop(key, None)
        if outcome.get("code") != AGAIN:
            digest = before.get("answer_digest")
            who, what = outcome["candidate"], outcome["question_id"]
            kept[key] = _fingerprint(who, what, digest)
    _refuse_other_answers(answers, grades, kept)
    os.truncate(grades, end)
    return kept


def _refuse_another_judge(
    grades: Path, before: dict[str, Any], now: Provenance
) -> None:
    """Grades by two judges in one file would be compared as if they were alike."""
    for name in _ALIKE:
        was, is_now = before.get(name), getattr(now, name)
        if was != is_now:
            raise InputError(
                f"{str(grades)!r} was graded with the {name.replace('_', ' ')} "
                f"{was!r}, not {is_now!r}. Go on with that one, or name another "
                "file with --out"
            )


def _refuse_other_answers(answers: Path, grades: Path, kept: dict[int, int]) -> None:
    """An id that was given to another answer since would take that one's grade."""
    for line in read_lines(answers):
        if not isinstance(line, AnswerLine) or hash(line.key) not in kept:
            continue
        # What was ungraded before it was read as an answer has no digest.
        alike = {
            _fingerprint(line.candidate, line.question_id, digest)
            for digest in (line.digest, None)
        }
        if kept[hash(line.key)] not in alike:
            raise InputError(
                f"{str(answers)!r}, line {line.line}: the candidate, question_id or "
                f"answer of id {line.id!r} is not the one that {str(grades)!r} has "
                "an outcome for. Name another file with --out"
            )


def _fingerprint(candidate: Any, question_id: Any, digest: str | None) -> int:
    """Tells answers of one id apart, in little memory."""
    return hash(json.dumps([candidate, question_id, digest], sort_keys=True))


def _outcomes(grades: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Offset, bytes and fields of each line of a file of grades but a torn last one.

    A killed run may leave half a line; what it held is graded again.
    """
    with grades.open("rb") as file:
        offset = 0
        for number, raw in enumerate(iter(file.readline, b""), start=1):
            whole = raw.endswith(b"\n")
            if not whole and raw[: len(_BEGINNING)] == _BEGINNING[: len(raw)]:
                return
            try:
                outcome = json.loads(raw)
                outcome["id"], outcome["candidate"], outcome["question_id"]
                outcome["kind"], outcome["provenance"]["judge"]
            except (ValueError, TypeError, KeyError):
                whole = False
            if not whole:
                raise InputError(
                    f"{str(grades)!r}, line {number} is not a grade; "
                    "mend or remove the line, or name another file with --out"
                )
            yield offset, raw, outcome
            offset += len(raw)


def _skip(
    lines: Iterator[AnswerLine | Unreadable], kept: Container[int], tally: Tally
) -> Iterator[AnswerLine | Unreadable]:
    for line in lines:
        if isinstance(line, AnswerLine) and hash(line.key) in kept:
            tally.kept += 1
        else:
            yield line


async def _in_order(
    grader: Grader, lines: Iterator[AnswerLine | Unreadable], workers: int
) -> AsyncIterator[tuple[AnswerLine | Unreadable, Any]]:
    """Outcomes in the order of the lines, at most `workers` at work at once."""
    free = asyncio.Semaphore(workers)
    waiting: deque[asyncio.Task[Any]] = deque()

    async def work(line: AnswerLine | Unreadable) -> Any:
        if isinstance(line, Unreadable):
            return line, None
        async with free:
            return line, await grade_line(grader, line)

    try:
        for line in lines:
            waiting.append(asyncio.create_task(work(line)))
            if len(waiting) >= workers * AHEAD:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting, return_exceptions=True)


async def grade_line(grader: Grader, line: AnswerLine) -> Outcome:
    """Grade one line; what a single grade would raise ends as an `Ungraded`."""
    if not isinstance(line.answer, str):
        return _ungraded(grader, UngradedCode.BAD_ANSWER, _NOT_TEXT)
    try:
        return await grader.grade(str(line.question_id), line.answer)
    except AnswerError as exc:
        return _ungraded(grader, UngradedCode.BAD_ANSWER, str(exc))
    except NotFound as exc:
        return _ungraded(grader, UngradedCode.UNKNOWN_QUESTION, str(exc))


def _ungraded(grader: Grader, code: UngradedCode, reason: str) -> Ungraded:
    return Ungraded(
        code=code, reason=reason, provenance=provenance(grader.judge), usage=Usage()
    )


def _is_blocked(outcome: Outcome) -> bool:
    blocked = UngradedCode.PROVIDER_BLOCKED
    return isinstance(outcome, Ungraded) and outcome.code is blocked


def _as_line(line: AnswerLine, outcome: Outcome) -> dict[str, Any]:
    """Input fields first, then ours; a field of the same name as ours is renamed."""
    ours = outcome.model_dump(mode="json")
    taken = {*ours, "id", "candidate", "question_id"}
    rest = {f"input_{n}" if n in taken else n: v for n, v in line.rest.items()}
    return {
        "id": line.id,
        "candidate": line.candidate,
        "question_id": line.question_id,
        **rest,
        **ours,
    }


def _append(file: BinaryIO, fields: dict[str, Any]) -> None:
    # ASCII escapes carry any string, lone surrogates in passed-through fields too.
    file.write(json.dumps(fields).encode() + b"\n")
    file.flush()


def _count(tally: Tally, outcome: Outcome) -> None:
    if isinstance(outcome, Ungraded):
        tally.ungraded[outcome.code.value] += 1
    else:
        tally.graded += 1


def _put_in_order(answers: Path, grades: Path) -> None:
    """Rewrite the grades in the order of the answers, the latest of each id."""
    latest = {hash(str(o["id"])): (at, len(raw)) for at, raw, o in _outcomes(grades)}
    ordered = grades.with_name(f"{grades.name}.ordered")
    with grades.open("rb") as source, ordered.open("wb") as target:
        for line in read_lines(answers):
            if isinstance(line, Unreadable):
                continue
            place = latest.pop(hash(line.key), None)
            if place:
                source.seek(place[0])
                target.write(source.read(place[1]))
        # Outcomes whose answer has left the input file are kept, at the end.
        for at, length in sorted(latest.values()):
            source.seek(at)
            target.write(source.read(length))
        target.flush()
        os.fsync(target.fileno())
    os.replace(ordered, grades)
