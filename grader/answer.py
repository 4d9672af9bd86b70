"""The answer as received, made safe, and cut into numbered sentences."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from grader.errors import AnswerError

LONGEST = 20_000
"""Longest answer taken, in Unicode code points, unless a setting says otherwise."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A run of characters that a reader does not see, at `text[start:end]`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: where it stands in the answer as received, and its safe copy."""

    number: int
    start: int
    end: int
    safe: str


@dataclass(frozen=True)
class Answer:
    """What a candidate wrote.

    `text` is exactly what came in; every offset counts its code points. `safe`
    and the sentences' `safe` are for judging: NFC, without hidden characters.
    """

    text: str
    hidden: tuple[Hidden, ...]
    safe: str
    sentences: tuple[Sentence, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the UTF-8 bytes of the text as received, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_blank(self) -> bool:
        """Whether there is no letter or digit to judge."""
        return not self.sentences


def read_answer(received: str | bytes, longest: int = LONGEST) -> Answer:
    """Make an answer safe to judge.

    Bytes are decoded as strict UTF-8, with or without a byte order mark. Raises
    `AnswerError` where the input is not text or has over `longest` code points.

    >>> answer = read_answer("It over\\u200bfits. Use val. data, e.g. 10%.")
    >>> [sentence.safe for sentence in answer.sentences]
    ['It overfits.', 'Use val. data, e.g. 10%.']
    """
    text = decode(received) if isinstance(received, bytes) else received
    if len(text) > longest:
        raise AnswerError(
            f"the answer has {len(text):,} characters; at most {longest:,} are taken. "
            "Shorten it and send it again"
        )
    _refuse_what_is_not_text(text)
    hidden = tuple(_find_hidden(text))
    visible, places = _without(text, hidden)
    sentences: list[Sentence] = []
    for start, end in _cut(visible):
        first = places[start] if places else start
        last = places[end - 1] if places else end - 1
        safe = unicodedata.normalize("NFC", visible[start:end])
        sentences.append(Sentence(len(sentences) + 1, first, last + 1, safe))
    safe = unicodedata.normalize("NFC", visible)
    return Answer(text, hidden, safe, tuple(sentences))


def decode(received: bytes) -> str:
    """Decode strict UTF-8. Raises `AnswerError` that names the likely encoding."""
    if received.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in received[:64]:
        raise AnswerError(
            "this is not UTF-8 text: it looks like UTF-16. "
            "Save it as UTF-8 and try again"
        )
    try:
        return received.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise AnswerError(
            f"this is not UTF-8 text: byte {exc.start} does not decode. "
            "Save it as UTF-8 and try again"
        ) from exc


def _refuse_what_is_not_text(text: str) -> None:
    for number, character in enumerate(text):
        if character == "\x00" or "\ud800" <= character <= "\udfff":
            raise AnswerError(
                f"character {number} is U+{ord(character):04X}, which is not text. "
                "Remove it and send the answer again"
            )


# --- hidden characters -------------------------------------------------------

_KINDS = {
    "control": r"\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f",
    "soft_hyphen": r"\xad",
    "bidi": r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f",
    "zero_width": r"\u034f\u180e\u200b-\u200d\u2060-\u2065\ufeff\ufff0-\ufffb"
    r"\U0001d173-\U0001d17a",
    "filler": r"\u115f\u1160\u17b4\u17b5\u3164\uffa0",
    "variation_selector": r"\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef",
    "tag": r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff",
}
_HIDDEN = re.compile("|".join(f"(?P<{kind}>[{of}]+)" for kind, of in _KINDS.items()))
_FLAG_OF_A_NATION = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{3,6}\U000e007f")
_SCRIPTS_WITH_JOINERS = frozenset(
    """
    ARABIC SYRIAC NKO MANDAIC MONGOLIAN DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA
    TAMIL TELUGU KANNADA MALAYALAM SINHALA KHMER MYANMAR TIBETAN BALINESE
    """.split()
)
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def _find_hidden(text: str) -> Iterator[Hidden]:
    if text.isascii() and text.isprintable():
        return
    flags = {
        place
        for flag in _FLAG_OF_A_NATION.finditer(text)
        for place in range(flag.start() + 1, flag.end())
    }
    for run in _HIDDEN.finditer(text):
        kind = run.lastgroup or ""
        start = None
        for place in range(run.start(), run.end()):
            if place in flags or _belongs(text, place, kind):
                if start is not None:
                    yield Hidden(start, place, kind)
                start = None
            elif start is None:
                start = place
        if start is not None:
            yield Hidden(start, run.end(), kind)


def _belongs(text: str, place: int, kind: str) -> bool:
    """Whether emoji or the script around it need the character at `place`."""
    before = text[place - 1] if place else ""
    after = text[place + 1 : place + 2]
    character = text[place]
    if kind == "variation_selector":
        keycap = before in "#*0123456789" and after == "\u20e3"
        return (
            character in "\ufe0e\ufe0f" and bool(before) and (_emoji(before) or keycap)
        )
    if character in "\u200c\u200d":
        if before == "\ufe0f":
            before = text[place - 2 : place - 1]
        in_emoji = character == "\u200d" and _emoji(before) and _emoji(after)
        return in_emoji or _script(before) in _SCRIPTS_WITH_JOINERS
    if character in "\u061c\u200e\u200f":
        around = {unicodedata.bidirectional(c) for c in (before, after) if c}
        return bool(around & _RIGHT_TO_LEFT)
    return False


def _emoji(character: str) -> bool:
    if not character:
        return False
    return unicodedata.category(character) == "So" or (
        "\U0001f3fb" <= character <= "\U0001f3ff"
        or character in "\u203c\u2049\u2194\u21a9"
    )


def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character else ""


def _without(text: str, hidden: tuple[Hidden, ...]) -> tuple[str, list[int]]:
    """The text less the hidden runs, and where each character left stood.

    The second is empty where nothing was taken out.
    """
    if not hidden:
        return text, []
    pieces: list[str] = []
    places: list[int] = []
    at = 0
    for run in (*hidden, Hidden(len(text), len(text), "")):
        pieces.append(text[at : run.start])
        places.extend(range(at, run.start))
        at = run.end
    return "".join(pieces), places


# --- sentences ---------------------------------------------------------------

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_FENCE = re.compile(r"\s*(```|~~~)")
_MARKER = re.compile(r"\s*(?:[-*+•‣◦–—·>#]+|\(?(?:\d{1,2}|[a-zA-Z])[.)])\s+")
_END = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)"
    r"|[。！？]+"
    r"|(?<=[a-z]{3})[.!?](?=[A-Z][a-z]{1,20}[ ,])"
)
_WORD_BEFORE = re.compile(r"[^\s(\[\"'“‘]+$")
_ENTRY = re.compile(r"\s*[\w'’-]{1,30}(?: [\w'’-]{1,30})? ?[=:]")
_BREAK = re.compile(
    r"[;,:]\s|\s[-–—]\s|\s(?=(?:and|but|so|because|then|while|which)\s)"
)
_ABBREVIATIONS = frozenset(
    """
    e.g eg i.e ie etc vs cf approx resp incl fig eq sec ch al dr mr mrs ms prof st
    no nos vol dept est max min avg var val std w.r.t wrt a.k.a aka viz ca p
    """.split()
)
_LONG = 400
"""Characters after which a piece without a full stop is cut."""
_SHORT_LINE = 60
"""A line under this many characters was ended by its writer, not by a text editor."""


def _cut(text: str) -> Iterator[tuple[int, int]]:
    for start, end in _chunks(text):
        for first, last in _sentences_of(text, start, end):
            trimmed = _trim(text, first, last)
            if trimmed:
                yield trimmed


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Lines, joined where an editor wrapped them; fenced code is one chunk."""
    start: int | None = None
    last = 0
    fenced = False
    for line in _LINE.finditer(text):
        fence = _FENCE.match(line[0]) is not None
        wrapped = (
            start is not None and not fence and _continues(text, start, last, line)
        )
        if start is not None and not (wrapped or (fenced and last - start < _LONG)):
            yield start, last
            start = None
        if fence:
            fenced = not fenced
            continue
        if start is None:
            start = line.start()
        last = line.end()
    if start is not None:
        yield start, last


def _continues(text: str, start: int, last: int, line: re.Match[str]) -> bool:
    gap = text[last : line.start()].replace("\r\n", "\n")
    here = line[0].lstrip()
    above = text[max(start, last - 200) : last].rstrip()
    newline = max(above.rfind("\n"), above.rfind("\r"))
    return (
        len(gap) == 1
        and here[:1].islower()
        and not (_MARKER.match(line[0]) or _ENTRY.match(line[0]))
        and len(above) - newline - 1 >= _SHORT_LINE
        and above[-1:] not in ".!?:;…"
    )


def _sentences_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    marker = _MARKER.match(text, start, end)
    at = marker.end() if marker else start
    for stop in _END.finditer(text, at, end):
        if _ends(text, at, stop):
            yield from _shorten(text, at, stop.end())
            at = stop.end()
    yield from _shorten(text, at, end)


def _ends(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence: not after "e.g.", "A." or "... and"."""
    follows = text[stop.end() : stop.end() + 40].lstrip()[:1]
    if stop[0].startswith(("...", "…")):
        return not follows.islower()
    if not stop[0].startswith("."):
        return True
    before = _WORD_BEFORE.search(text[max(start, stop.start() - 20) : stop.start()])
    word = before[0] if before else ""
    if not stop[0].endswith("."):
        return True  # A quote or bracket closes behind the full stop.
    if word.lower() == "etc":
        return follows.isupper()
    if len(word) == 1 and word.isalpha():
        return word == "I" or not follows.isupper()
    return word.lower() not in _ABBREVIATIONS


def _shorten(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a piece that runs on at a comma or a joining word, else at a space."""
    while end - start > _LONG:
        window = text[start + _LONG // 2 : start + _LONG]
        breaks = [found.end() for found in _BREAK.finditer(window)]
        at = breaks[-1] if breaks else window.rfind(" ") + 1
        cut = start + _LONG // 2 + (at or len(window))
        yield start, cut
        start = cut
    yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    if not any(character.isalnum() for character in piece):
        return None
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
