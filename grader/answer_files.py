"""Files of answers, JSONL or CSV, read one line at a time."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TextIO

from grader.answer import decode
from grader.errors import AnswerError, InputError

NEEDED = ("id", "candidate", "question_id", "answer")
LONGEST_LINE = 1_000_000
"""Characters of one line or CSV field; a longer one is unreadable."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer to grade. `rest` holds the other fields, which pass through."""

    line: int
    id: str | int
    candidate: Any
    question_id: Any
    answer: Any
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the id is matched by: 7 and "7" are the same answer."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that holds no answer, and why."""

    line: int
    reason: str


def read_lines(path: Path) -> Iterator[AnswerLine | Unreadable]:
    """Every line of a `.csv` file, or of any other file as JSON lines, in order.

    Blank lines are skipped. Raises `InputError` where the whole file cannot be
    read as answers: it is missing, not UTF-8, or a CSV without a needed column.
    """
    if not path.is_file():
        raise InputError(f"there is no file of answers at {str(path)!r}")
    return _read_csv(path) if path.suffix.lower() == ".csv" else _read_jsonl(path)


def count_lines(path: Path) -> int:
    """About how many answers a file holds; for a progress bar only."""
    with path.open("rb") as file:
        return sum(
            chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")
        )


def first_repeated_id(path: Path) -> tuple[str, int, int] | None:
    """An id that occurs twice in a file, and the two lines, or None."""
    lines: dict[int, int] = {}
    for line in read_lines(path):
        if isinstance(line, AnswerLine):
            before = lines.setdefault(hash(line.key), line.line)
            if before != line.line:
                return line.key, before, line.line
    return None


def _read_jsonl(path: Path) -> Iterator[AnswerLine | Unreadable]:
    with path.open("rb") as file:
        for number, raw in enumerate(iter(file.readline, b""), start=1):
            if number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(
                    f"{str(path)!r} is not UTF-8 text: it looks like UTF-16. "
                    "Save it as UTF-8 and try again"
                )
            if raw.strip():
                yield _parse(number, raw)


def _parse(number: int, raw: bytes) -> AnswerLine | Unreadable:
    if len(raw) > LONGEST_LINE:
        return Unreadable(number, f"is longer than {LONGEST_LINE:,} bytes")
    try:
        fields = json.loads(decode(raw), parse_constant=_refuse)
    except AnswerError as exc:
        return Unreadable(number, str(exc))
    except json.JSONDecodeError as exc:
        return Unreadable(number, f"is not JSON: {exc.msg} (column {exc.colno})")
    except (ValueError, RecursionError) as exc:
        return Unreadable(number, f"is not JSON: {exc}")
    if not isinstance(fields, dict):
        return Unreadable(number, "is not a JSON object")
    return _line(number, fields)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _line(number: int, fields: dict[str, Any]) -> AnswerLine | Unreadable:
    missing = [name for name in NEEDED if name not in fields]
    if missing:
        return Unreadable(number, f"has no field {missing[0]!r}")
    id = fields["id"]
    if isinstance(id, bool) or not isinstance(id, str | int) or id == "":
        return Unreadable(number, "has an id that is neither text nor a whole number")
    rest = {name: value for name, value in fields.items() if name not in NEEDED}
    return AnswerLine(
        number, id, fields["candidate"], fields["question_id"], fields["answer"], rest
    )


def _read_csv(path: Path) -> Iterator[AnswerLine | Unreadable]:
    csv.field_size_limit(LONGEST_LINE)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            reader = csv.reader(file, delimiter=_delimiter(file), strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            yield from _rows(reader, header)
        except UnicodeDecodeError as exc:
            raise InputError(
                f"{str(path)!r} is not UTF-8 text. Save it as UTF-8 and try again"
            ) from exc


def _delimiter(file: TextIO) -> str:
    """Comma, semicolon or tab: whichever the header has most of."""
    header = file.readline()
    file.seek(0)
    return max(",;\t", key=header.count)


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise InputError(
            f"{str(path)!r} has no column {missing[0]!r}; it needs "
            f"{', '.join(NEEDED)}, and has {', '.join(map(repr, header)) or 'none'}"
        )


def _rows(
    reader: Iterator[list[str]], header: list[str]
) -> Iterator[AnswerLine | Unreadable]:
    while True:
        number: int = getattr(reader, "line_num", 0) + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            # The rest of too long a cell would be taken for rows of its own.
            last = "field limit" in str(exc)
            rest = "; nothing after it was read" if last else ""
            yield Unreadable(number, f"is not CSV: {exc}{rest}")
            if last:
                return
            continue
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            yield Unreadable(
                number, f"has {len(row)} cells, the header has {len(header)}"
            )
            continue
        yield _line(number, dict(zip(header, row, strict=True)))
