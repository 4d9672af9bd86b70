"""The candidate's answer, cut into passages that a page can mark."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from grader.answer import Answer, Hidden
from grader.judgement import Evidence
from grader.rubric import Frozen

MOST_CHIPS = 6
"""How many different hidden characters of one run are shown; the rest are counted."""
_LAST_WORD = re.compile(r"\S{1,20}$")


class Piece(Frozen):
    """Text as written, or a chip that stands for a hidden character.

    `name` is the chip's long name; empty for text.
    """

    text: str
    name: str = ""


class Badge(Frozen):
    """A mark's link to the point or red flag that it is evidence for."""

    href: str
    short: str
    tone: str
    label: str


class Passage(Frozen):
    """A stretch of the answer. `number` is its sentence's where it is evidence.

    The last piece of evidence is its last word, which its badges stay on a line with.
    """

    pieces: tuple[Piece, ...]
    number: int | None = None
    flagged: bool = False
    badges: tuple[Badge, ...] = ()


def passages(
    answer: Answer,
    badges: Mapping[int, list[Badge]],
    evidence: Iterable[Evidence],
) -> tuple[Passage, ...]:
    """The whole answer in order; `badges` by sentence number.

    What the pieces of text hold, put together, is the answer less hidden characters.
    """
    cited = {part.sentence: part for part in evidence}
    found: list[Passage] = []
    at = 0
    for part in sorted(cited.values(), key=lambda part: part.start):
        if part.start < at:
            continue
        found.append(Passage(pieces=_pieces(answer, at, part.start)))
        own = tuple(badges[part.sentence])
        found.append(
            Passage(
                pieces=_last_word_apart(_pieces(answer, part.start, part.end)),
                number=part.sentence,
                flagged=any(badge.tone == "flag" for badge in own),
                badges=own,
            )
        )
        at = part.end
    found.append(Passage(pieces=_pieces(answer, at, len(answer.text))))
    return tuple(passage for passage in found if passage.pieces)


def _pieces(answer: Answer, start: int, end: int) -> tuple[Piece, ...]:
    return tuple(_cut(answer, start, end))


def _last_word_apart(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    *before, last = pieces
    word = _LAST_WORD.search(last.text)
    if last.name or word is None or word.start() == 0:
        return pieces
    return (*before, Piece(text=last.text[: word.start()]), Piece(text=word[0]))


def _cut(answer: Answer, start: int, end: int) -> Iterator[Piece]:
    at = start
    for run in answer.hidden:
        if run.end <= start or run.start >= end:
            continue
        if at < run.start:
            yield Piece(text=answer.text[at : run.start])
        yield from _chips(answer.text, run)
        at = run.end
    if at < end:
        yield Piece(text=answer.text[at:end])


def _chips(text: str, run: Hidden) -> Iterator[Piece]:
    groups = [(c, len(list(same))) for c, same in groupby(text[run.start : run.end])]
    for character, times in groups[:MOST_CHIPS]:
        often = f" ×{times}" if times > 1 else ""
        name = unicodedata.name(character, run.kind.replace("_", " ")).lower()
        yield Piece(text=f"U+{ord(character):04X}{often}", name=name)
    more = sum(times for _, times in groups[MOST_CHIPS:])
    if more:
        yield Piece(text=f"{more} more", name=run.kind.replace("_", " "))
