"""One line of a file of grades: found, taken apart and checked."""

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.answer import decode
from grader.errors import AnswerError, InputError
from grader.grade import Band, Percent, Provenance
from grader.judgement import Finding, Sighting

LONGEST_LINE = 16_000_000
"""Bytes of one line; a longer one is unreadable."""


class GradeLine(BaseModel):
    """The fields of a grade that a scorecard reads; others may be there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["grade"]
    percent: Percent
    expected: Percent
    band: Band
    interval: tuple[Percent, Percent]
    capped_by: str | None = None
    review: tuple[str, ...] = ()
    findings: tuple[Finding, ...]
    sightings: tuple[Sighting, ...] = ()
    provenance: Provenance


def read_grade(path: Path, offset: int, candidate: str, question_id: str) -> GradeLine:
    """Read one grade again. Raises `InputError` where another line is there now."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            fields = fields_of(file.readline(LONGEST_LINE))
        if (name_of(fields), question_of(fields)) != (candidate, question_id):
            raise ValueError("is another line")
        return grade_of(fields)
    except (OSError, ValueError) as exc:
        raise InputError(f"{str(path)!r} changed while it was read; try again") from exc


def raw_lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number, offset and bytes of every line that is not blank.

    Of a line over `LONGEST_LINE`, one byte more than that.
    """
    offset = 0
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        if raw.strip():
            yield number, offset, raw
        offset += len(raw)
        while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE + 1) or b"\n"
            offset = file.tell()


def fields_of(raw: bytes) -> dict[str, Any]:
    """The object on a line. Raises `ValueError` that says what is wrong with it."""
    if len(raw) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE:,} bytes")
    try:
        fields = json.loads(decode(raw), parse_constant=_refuse)
    except AnswerError as exc:
        raise ValueError(f"cannot be read: {exc}") from exc
    except json.JSONDecodeError as exc:
        raise ValueError(f"is not JSON: {exc.msg} at column {exc.colno}") from exc
    except RecursionError as exc:
        raise ValueError("is not JSON: it is nested too deeply") from exc
    if not isinstance(fields, dict):
        raise ValueError("is not a JSON object")
    return fields


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"is not JSON: {constant} is no number")


def name_of(fields: dict[str, Any]) -> str:
    """Who answered. Spaces around a name and its Unicode form make no difference.

    Raises `ValueError` where nobody is named.
    """
    given = fields.get("candidate")
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError("names no candidate")
    name = clean_name(str(given))
    if not name:
        raise ValueError("names no candidate")
    return name


def question_of(fields: dict[str, Any]) -> str:
    """The question's id, whatever stands there."""
    return str(fields.get("question_id"))


def clean_name(name: str) -> str:
    """A name without spaces around it, in the one Unicode form we compare."""
    return unicodedata.normalize("NFC", name).strip()


def grade_of(fields: dict[str, Any]) -> GradeLine:
    """The grade that an object is. Raises `ValueError` that says why it is none."""
    if fields.get("kind") != "grade":
        raise ValueError("is no grade: its kind is neither 'grade' nor 'ungraded'")
    try:
        return GradeLine.model_validate(fields, extra="ignore")
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"is no grade: {place!r}: {first['msg']}") from exc
