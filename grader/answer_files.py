"""Files of answers, JSONL or CSV, read one line at a time."""

import csv
import hashlib
import io
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

    @property
    def digest(self) -> str | None:
        """SHA-256 of the answer in hex, as its grade records it; None if no text."""
        if not isinstance(self.answer, str):
            return None
        received = self.answer.encode(errors="surrogatepass")
        return hashlib.sha256(received).hexdigest()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line of a file that cannot be read as what it should hold, and why."""

    line: int
    reason: str


def read_lines(path: Path) -> Iterator[AnswerLine | Unreadable]:
    """Every line of a `.csv` file, or of any other file as JSON lines, in order.

    Blank lines are skipped. Raises `InputError` where the whole file cannot be
    read as answers: it is missing, in UTF-16, or a CSV whose header is not UTF-8 or
    does not have each needed column once.
    """
    if not path.is_file():
        raise InputError(f"there is no file of answers at {str(path)!r}")
    _refuse_utf_16(path)
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


def _refuse_utf_16(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start:
        raise InputError(
            f"{str(path)!r} is not UTF-8 text: it looks like UTF-16. "
            "Save it as UTF-8 and try again"
        )


def _read_jsonl(path: Path) -> Iterator[AnswerLine | Unreadable]:
    with path.open("rb") as file:
        for number, raw in enumerate(iter(file.readline, b""), start=1):
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
    # Bytes that do not decode spoil their own row, not the file.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = _rows(file, _delimiter(file))
        number, names = next(rows, (1, list[str]()))
        if isinstance(names, str):
            raise InputError(f"{str(path)!r}, line {number} {names}")
        header = [name.strip() for name in names]
        _check_header(path, header)
        for number, row in rows:
            if isinstance(row, str):
                yield Unreadable(number, row)
            elif any(cell.strip() for cell in row):
                yield _from_cells(number, header, row)


def _delimiter(file: TextIO) -> str:
    """Comma, semicolon or tab: whichever the header has most of."""
    header = file.readline()
    file.seek(0)
    return max(",;\t", key=header.count)


def _check_header(path: Path, header: list[str]) -> None:
    if not _is_text(header):
        raise InputError(
            f"{str(path)!r} has a header that is not UTF-8 text. "
            "Save it as UTF-8 and try again"
        )
    for name in NEEDED:
        if name not in header:
            raise InputError(
                f"{str(path)!r} has no column {name!r}; it needs "
                f"{', '.join(NEEDED)}, and has {', '.join(map(repr, header)) or 'none'}"
            )
        if header.count(name) > 1:
            raise InputError(
                f"{str(path)!r} has {header.count(name)} columns {name!r}. "
                "Keep or rename all but one"
            )


def _is_text(cells: list[str]) -> bool:
    """Whether every byte did decode."""
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True


def _from_cells(
    number: int, header: list[str], row: list[str]
) -> AnswerLine | Unreadable:
    if len(row) != len(header):
        return Unreadable(number, f"has {len(row)} cells, the header has {len(header)}")
    if not _is_text(row):
        return Unreadable(
            number, "is not UTF-8 text. Save the file as UTF-8 and try again"
        )
    return _line(number, dict(zip(header, row, strict=True)))


def _rows(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Where each row begins, and its cells or why it cannot be read."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        taken.clear()
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            reason, is_last = _why_no_row(exc, number, taken, delimiter)
            yield number, f"is not CSV: {reason}"
            # The rest of such a cell would be taken for rows of its own.
            if is_last:
                return


def _why_no_row(
    exc: csv.Error, number: int, taken: list[str], delimiter: str
) -> tuple[str, bool]:
    """The reason in words, and whether nothing behind these lines can be read."""
    if "unexpected end" in str(exc):
        *_, cell = next(csv.reader(taken, delimiter=delimiter))
        spans = len(list(io.StringIO(cell, newline="")))
        opened = number + len(taken) - max(spans, 1)
        quote = f"a quote that opens on line {opened} is never closed"
        return f"{quote}; nothing after it was read", True
    if "field limit" in str(exc):
        reason = f"a cell is longer than {LONGEST_LINE:,} characters, or its quote "
        return f"{reason}is never closed; nothing after it was read", True
    last = number + len(taken) - 1
    lost = f"; nothing up to line {last} was read" if last > number else ""
    return f"{exc}{lost}", False
