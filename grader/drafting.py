"""From the questions of a page to draft rubrics, in the page's own words.

No model writes anything here: what a draft needs beyond the page is left to a person.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from grader.errors import RubricError
from grader.markdown import Kind, blocks
from grader.question_page import PageQuestion
from grader.rubric import FlagKind
from grader.rubric_lint import TOTAL
from grader.wording import is_verb

CAP = 0.45
"""The cap of every drafted red flag."""
WIDTH = 100
"""Columns after which a text is folded in a draft."""


def write_drafts(
    questions: Sequence[PageQuestion], topic: str, out: Path, source: str = ""
) -> tuple[Path, ...]:
    """Write `<out>/<topic>/<level>/<id>/v1.toml` for every question, or for none.

    Raises `RubricError` where `topic` holds no letter or digit, where `out` already
    has a question of the same id, and where a file cannot be written.
    """
    topic_id = _slug(re.findall(r"[a-z0-9]+", _ascii(topic)))
    if not topic_id:
        raise RubricError(f"topic {topic!r} has no letter from a to z. Name another")
    drafts: dict[Path, str] = {}
    for question, id in zip(questions, question_ids(questions), strict=True):
        path = out / topic_id / question.level / id / "v1.toml"
        drafts[path] = draft_rubric(question, topic_id, id, source)
    _refuse_what_is_there(drafts, out)
    _write_all(drafts)
    return tuple(drafts)


def draft_rubric(question: PageQuestion, topic: str, id: str, source: str = "") -> str:
    """A draft in TOML that `load_rubric` takes and a person has to finish."""
    requirements = clauses(question.strong_answer)
    statements = [s for flag in question.red_flags for s in split_flag(flag)]
    ids = _part_ids([*requirements, *statements])
    lines = [
        "# A draft, cut from a page of questions. A person must still write the hints,",
        "# make every requirement one full sentence, and see what `grader check` says.",
        f"id = {toml_string(id)}",
        "version = 1",
        f"topic = {toml_string(topic)}",
        f"level = {toml_string(question.level)}",
        _field("question", question.text),
        _field("strong_answer", question.strong_answer),
        _field("source", source),
    ]
    for requirement, points in zip(
        requirements, shares(len(requirements)), strict=True
    ):
        lines += [
            "",
            "[[criteria]]",
            f"id = {toml_string(next(ids))}",
            _field("requirement", requirement),
            f"points = {points}",
            'hint = ""  # To be written: one question that leads to the point.',
        ]
    for statement in statements:
        lines += [
            "",
            "[[red_flags]]",
            f"id = {toml_string(next(ids))}",
            _field("statement", statement),
            f'kind = "{guess_kind(statement)}"  # Guessed from the wording: check it.',
            f"cap = {CAP}",
        ]
    return "\n".join(lines) + "\n"


# --- what goes into a draft ---------------------------------------------------


def clauses(strong_answer: str) -> list[str]:
    """A strong answer cut at sentence ends, semicolons and list items only.

    >>> clauses("A stack is LIFO; a queue (a line; e.g. at a till) is FIFO.")
    ['A stack is LIFO', 'a queue (a line; e.g. at a till) is FIFO.']
    """
    found: list[str] = []
    for block in blocks(strong_answer.split("\n")):
        if block.kind is Kind.CODE and found:
            found[-1] += "\n" + "\n".join(block.pieces[0])
        elif block.kind is Kind.CODE:
            found.append("\n".join(block.pieces[0]))
        else:
            for piece in block.pieces:
                found.extend(_cut(" ".join(piece).strip()))
    return [text for text in found if any(map(str.isalnum, text))] or [strong_answer]


_CUT = re.compile(r";(?=\s)|(?<=[.!?…])[\"”’)\]]*(?=\s)|(?<=[。！？；])")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|vs|cf|approx|resp|[A-Z])\.$", re.IGNORECASE)


def _cut(text: str) -> Iterator[str]:
    """Cut at sentence ends and semicolons, but not between brackets."""
    has_pairs = text.count("(") == text.count(")")
    start = 0
    for place in _CUT.finditer(text):
        so_far, rest = text[start : place.end()], text[place.end() :].lstrip()
        is_end = place[0] == ";" or not (
            rest[:1].islower() or _ABBREVIATED.search(so_far[-8:])
        )
        if is_end and not (has_pairs and so_far.count("(") > so_far.count(")")):
            yield so_far.strip().removesuffix(";")
            start = place.end()
    yield text[start:].strip()


def shares(parts: int) -> list[int]:
    """Points for a number of parts: as even as can be, the larger ones first.

    They add up to 10 unless there are more parts than points to give.

    >>> shares(3), shares(4)
    ([4, 3, 3], [3, 3, 2, 2])
    """
    each, left = divmod(TOTAL, parts)
    return [max(1, each + (number < left)) for number in range(parts)]


def split_flag(flag: str) -> list[str]:
    """A red flag, or two where "or" stands between two verbs.

    >>> split_flag("Skips the index or scans the whole table.")
    ['Skips the index or scans the whole table.']
    >>> split_flag("Confuses the two or can’t give examples.")
    ['Confuses the two.', 'Can’t give examples.']
    """
    words = flag.split()
    if not words or not _acts(words):
        return [flag]
    found, start = [], 0
    for place, word in enumerate(words):
        if word.casefold() == "or" and place > start and _acts(words[place + 1 :]):
            found.append(" ".join(words[start:place]).rstrip(",;") + ".")
            start = place + 1
    found.append(" ".join(words[start:]))
    return [text[:1].upper() + text[1:] for text in found] if start else [flag]


_DENIALS = frozenset(
    """can't cannot doesn't don't fails forgets ignores isn't lacks misses neglects
    never omits overlooks skips won't""".split()
)
_LACKS = re.compile(
    rf"\W*(?:{'|'.join(_DENIALS)}|no|not|without|unable|does not|do not)\b"
    r"|.*\b(?:never|but not|but no|cannot|can't|doesn't|does not|fails to)\b",
    re.IGNORECASE | re.DOTALL,
)


def _acts(words: Sequence[str]) -> bool:
    """Whether words start as a red flag does: with something done, or not done."""
    first, second = [*(_bare(word) for word in words[:2]), "", ""][:2]
    return first in _DENIALS or is_verb(first, second)


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'").strip('.,;:!?"“”')


def guess_kind(statement: str) -> FlagKind:
    """`omits` where the wording says that something is not done, else `states`."""
    lacks = _LACKS.match(statement.replace("’", "'"))
    return FlagKind.OMITS if lacks else FlagKind.STATES


# --- ids ----------------------------------------------------------------------

_OPENERS = frozenset(
    """a about an and are arent be between by can cant could describe did difference do
    does doesnt dont explain for has have how i in is isnt it me of on or please should
    so tell that the them they to us was we were what whats when where which who whom
    whose why will with would you your""".split()
)
_ARTICLES = frozenset("a an the".split())
_SECOND_QUESTION = re.compile(r"\band (?:how|what|when|why)\b")
_LONGEST_ID = 60


def question_ids(questions: Iterable[PageQuestion]) -> list[str]:
    """An id for each question, from its first telling words; unique on the page."""
    return list(
        _unique((_short(q.text, 6, _ARTICLES) or "question") for q in questions)
    )


def _part_ids(texts: Iterable[str]) -> Iterator[str]:
    return _unique((_short(text, 4, _OPENERS) or "part") for text in texts)


def _short(text: str, most: int, without: Collection[str]) -> str:
    """A slug of at most `most` words that neither opens nor ends on an empty one."""
    first = _SECOND_QUESTION.split(_ascii(text).replace("'", ""), maxsplit=1)[0]
    words = re.findall(r"[a-z0-9]+", first)
    telling = list(words)
    while telling and telling[0] in _OPENERS:
        telling.pop(0)
    telling = [word for word in telling if word not in without][:most]
    while telling and telling[-1] in _OPENERS:
        telling.pop()
    return _slug(telling or words[:most])


def _slug(words: Sequence[str]) -> str:
    return "-".join(words)[:_LONGEST_ID].strip("-")


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in folded if not unicodedata.combining(c))


def _unique(ids: Iterable[str]) -> Iterator[str]:
    taken: set[str] = set()
    for id in ids:
        number, free = 1, id
        while free in taken:
            number += 1
            free = f"{id}-{number}"
        taken.add(free)
        yield free


# --- TOML ---------------------------------------------------------------------

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNSAFE = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029]')


def toml_string(text: str) -> str:
    """A TOML string on one line that reads back as `text`."""
    return f'"{_escaped(text)}"'


def folded_toml_string(text: str) -> str:
    """A TOML string over several lines of at most about 100 columns."""
    if not text or text[0] == " ":
        return toml_string(text)
    lines = [""]
    for word in re.findall(r"[^ ]+ *", text):
        piece = _escaped(word)
        if len(lines[-1]) + len(piece) > WIDTH - 1:
            lines.append("")
        lines[-1] += piece
    return '"""\\\n' + "\\\n".join(line for line in lines if line) + '"""'


def _escaped(text: str) -> str:
    return _UNSAFE.sub(
        lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04X}"), text
    )


def _field(name: str, text: str) -> str:
    line = f"{name} = {toml_string(text)}"
    return line if len(line) <= WIDTH else f"{name} = {folded_toml_string(text)}"


# --- files --------------------------------------------------------------------


def _refuse_what_is_there(drafts: Iterable[Path], out: Path) -> None:
    taken = {path.parent.name: path for path in out.rglob("v*.toml")}
    for path in drafts:
        there = taken.get(path.parent.name) or (path if path.exists() else None)
        if there:
            raise RubricError(
                f"{there} is there already, and nothing was written. "
                "Move it away, or write the drafts to another folder"
            )


def _write_all(drafts: dict[Path, str]) -> None:
    """Write every file, or take back those that were written."""
    written: list[Path] = []
    try:
        for path, text in drafts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
    except OSError as exc:
        for path in written:
            path.unlink()
        for folder in (up for path in drafts for up in path.parents[:3]):
            with suppress(OSError):  # Only folders that are empty go.
                folder.rmdir()
        place = exc.filename or "the drafts"
        raise RubricError(
            f"cannot write {place}: {exc.strerror}; nothing was written. "
            "Name another folder"
        ) from exc
