"""A page of questions in Markdown, to the questions it asks and what a good answer is.

## Junior questions                     a level; any depth
### What is overfitting?                a question; any depth below its level
What a strong answer covers             a label: plain, bold or a heading
It fits noise; it fails on new data.
Red flag
Judges by the training score.           what follows this paragraph is not read
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import NoReturn

from pydantic import Field

from grader.errors import QuestionPageError
from grader.markdown import Block, Kind, plain, read_blocks, split_page
from grader.rubric import Frozen, Level, Sentence

STRONG_ANSWER = "What a strong answer covers"
RED_FLAG = "Red flag"


class PageQuestion(Frozen):
    """One question of a page, its texts as on the page but for Markdown's marks.

    Paragraphs of the strong answer are a blank line apart and list items start
    with "- ". `line` is where the question stands, counted from 1.
    """

    text: Sentence
    level: Level
    strong_answer: Sentence
    red_flags: tuple[Sentence, ...] = Field(min_length=1)
    line: int


def page_text(path: Path) -> str:
    """The text of a page. Raises `QuestionPageError` where there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise QuestionPageError(
            f"cannot read {str(path)!r}: {exc.strerror}. Name a Markdown file"
        ) from exc
    except UnicodeDecodeError as exc:
        raise QuestionPageError(
            f"{path}: byte {exc.start} is not UTF-8. Save the page as UTF-8"
        ) from exc


def page_source(text: str) -> str:
    """The `url` that a page's front matter gives, or an empty string."""
    found = re.search(r"^url[ \t]*:(.*)", split_page(text)[0], re.MULTILINE)
    return found[1].strip().strip("\"'") if found else ""


def read_page(text: str, name: str) -> tuple[PageQuestion, ...]:
    """The questions of a page called `name`, in its order.

    Raises `QuestionPageError` with name and line where a question is not whole, its
    level is not clear or it is asked twice, and where there is no question at all.
    """
    sections = tuple(_sections(text, name))
    questions = tuple(_questions(sections))
    _refuse_an_empty_level(sections, {question.level for question in questions})
    if not questions:
        raise QuestionPageError(
            f"{name}: there is no question on this page. A question is a heading "
            f"under a level's heading, followed by {STRONG_ANSWER!r} and {RED_FLAG!r}"
        )
    _refuse_a_repeated_question(questions, name)
    return questions


# --- from blocks to sections --------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A label and the blocks under it."""

    label: str
    place: str
    body: list[Block]

    def refuse(self, message: str) -> NoReturn:
        raise QuestionPageError(f"{self.place}: {message}")

    def refuse_as_stray(self) -> NoReturn:
        self.refuse(
            f"{self.label!r} stands outside a question. "
            "Put the question above it as a heading: '###', a space and the question"
        )


@dataclass(frozen=True, eq=False)
class _Section:
    """A heading, the headings it stands under, and the labels before the next."""

    depth: int
    text: str
    place: str
    line: int
    under: tuple["_Section", ...]
    parts: list[_Part] = field(default_factory=list)

    @property
    def asks(self) -> bool:
        return self.text.endswith(("?", "？"))

    @property
    def levels(self) -> frozenset[Level]:
        """The levels that the heading names, unless it asks something."""
        words = [] if self.asks else _LEVEL_WORD.findall(self.text.casefold())
        return frozenset(_LEVELS[word] for word in words)

    @property
    def level_heading(self) -> "_Section | None":
        """The nearest heading above that names a level."""
        above = (s for s in reversed(self.under) if s.levels and not s.parts)
        return next(above, None)

    def refuse(self, message: str) -> NoReturn:
        raise QuestionPageError(f"{self.place}: {self.text!r} {message}")

    def refuse_as_lacking(self, label: str) -> NoReturn:
        self.refuse(
            f"has no {label!r}; is the page cut short? Add it below the heading, or "
            "move the heading above the first level if it is no question"
        )


_LEVELS = {
    "junior": Level.JUNIOR,
    "mid": Level.MID,
    "middle": Level.MID,
    "intermediate": Level.MID,
    "senior": Level.SENIOR,
}
_LEVEL_WORD = re.compile(rf"\b({'|'.join(_LEVELS)})(?=s?\b|level\b)")
_NUMBERED = re.compile(
    r"(?:q(?:uestion)?[ \t]*)?\d{1,3}[ \t]*[.):][ \t]+", re.IGNORECASE
)
_LABEL = re.compile(
    rf"^(?P<lead>(?:[^\w\n]|_)*+)(?:(?P<strong>{STRONG_ANSWER})|{RED_FLAG}s?)"
    r"(?P<gap>(?:[^\S\n]|[*_])*+(?:[:：]|[–—-](?=\s))?(?:[^\S\n]|[*_])*+)(?P<rest>.*)",
    re.IGNORECASE | re.MULTILINE,
)


def _sections(text: str, name: str) -> Iterator[_Section]:
    section: _Section | None = None
    for block in read_blocks(text, name):
        before, parts = _cut(block, name)
        if parts and not section:
            parts[0].refuse_as_stray()
        if block.kind is Kind.HEADING and not parts:
            if section:
                yield section
            above = (*section.under, section) if section else ()
            under = tuple(s for s in above if s.depth < block.depth)
            asked = plain(_NUMBERED.sub("", block.text, count=1))
            place = f"{name}, line {block.line}"
            section = _Section(block.depth, asked, place, block.line, under)
        elif section:
            if section.parts:
                section.parts[-1].body.extend(before)
            section.parts.extend(parts)
    if section:
        yield section


def _cut(block: Block, page: str) -> tuple[list[Block], list[_Part]]:
    """What stands before the first label of a block, and a part for each label."""
    labels = [found for found in _LABEL.finditer(block.text) if _is_label(found, block)]
    starts = [*(found.start() for found in labels), len(block.text)]
    parts: list[_Part] = []
    for found, end in zip(labels, starts[1:], strict=True):
        line = block.line + block.text.count("\n", 0, found.start())
        text = _open_marks(found) + block.text[found.start("rest") : end]
        body = [Block(Kind.PARAGRAPH, line, text)] if _says_something(text) else []
        label = STRONG_ANSWER if found["strong"] else RED_FLAG
        parts.append(_Part(label, f"{page}, line {line}", body))
    before = replace(block, text=block.text[: starts[0]])
    return [before] if starts[0] or not labels else [], parts


def _is_label(found: re.Match[str], block: Block) -> bool:
    """Whether words are alone on their line, or set apart from what follows them.

    "Red flags are ..." and "- red flag" are words like others.
    """
    if block.kind is Kind.CODE:
        return False
    if block.kind is Kind.HEADING and block.text.endswith("?"):
        return False
    is_bold = found["lead"].endswith(("*", "_")) and found["gap"].strip() != ""
    if is_bold or set(":：–—-") & set(found["gap"]):
        return True
    return not found["rest"] and (block.kind is not Kind.ITEM or found.start() > 0)


def _open_marks(label: re.Match[str]) -> str:
    """The marks of emphasis that open before a label and do not close right after."""
    lead, gap = label["lead"], label["gap"]
    return "" if {"*", "_"} & set(gap) else lead[len(lead.rstrip("*_")) :]


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


# --- from sections to questions -----------------------------------------------


def _questions(sections: Sequence[_Section]) -> Iterator[PageQuestion]:
    """A section with a label is a question; of the others, none may be one."""
    headings = (s.level_heading for s in sections if s.parts)
    depths = {heading.depth for heading in headings if heading}
    for section, following in zip_longest(sections, sections[1:]):
        if section.parts:
            yield _question(section, _level(section, depths))
        elif _is_cut_short(section, following, depths):
            section.refuse_as_lacking(STRONG_ANSWER)


def _level(section: _Section, depths: set[int]) -> Level:
    heading = section.level_heading
    if section.levels and (heading is None or section.depth in depths):
        section.parts[0].refuse_as_stray()
    above = [s for s in section.under if s is heading or s.depth in depths]
    if heading is None or len(above) > 1 or len(heading.levels) > 1:
        shown = ", ".join(repr(s.text) for s in above or section.under) or "none"
        section.refuse(
            f"has no clear level; headings above it: {shown}. "
            "Name junior, mid or senior, and only one, in exactly one of them"
        )
    return next(iter(heading.levels))


def _is_cut_short(
    section: _Section, following: _Section | None, depths: set[int]
) -> bool:
    """Whether a heading without labels is a question all the same.

    It is none outside the levels (which stand at `depths`), where it names a level
    itself, where it groups the headings below it, and inside a question.
    """
    heading = section.level_heading
    if section.levels or not heading or (depths and heading.depth not in depths):
        return False
    groups = following is not None and following.depth > section.depth
    return section.asks or not (groups or section.under[-1].parts)


def _question(section: _Section, level: Level) -> PageQuestion:
    if not _says_something(section.text):
        section.refuse("asks nothing. Write the question into the heading")
    strong, flag = _parts(section)
    return PageQuestion(
        text=section.text,
        level=level,
        strong_answer=_strong_answer(strong),
        red_flags=_red_flags(flag),
        line=section.line,
    )


def _parts(section: _Section) -> Sequence[_Part]:
    """The strong answer and the red flag, each exactly once and in this order."""
    labels = [part.label for part in section.parts]
    for place, part in enumerate(section.parts):
        if part.label in labels[:place]:
            part.refuse(
                f"question {section.text!r} has a second {part.label!r}. "
                "Does another question start above this line? Make it a heading: "
                "'###', a space and the question"
            )
    for label in (STRONG_ANSWER, RED_FLAG):
        if label not in labels:
            section.refuse_as_lacking(label)
    if labels[0] != STRONG_ANSWER:
        section.parts[0].refuse(
            f"{RED_FLAG!r} stands above {STRONG_ANSWER!r}. Put it below"
        )
    return section.parts


def _strong_answer(part: _Part) -> str:
    text = ""
    last = Kind.RULE
    for block in _telling(part, part.body):
        is_item = block.kind is Kind.ITEM
        text += "\n" if is_item and last is Kind.ITEM else "\n\n"
        text += f"- {_shown(block)}" if is_item else _shown(block)
        last = block.kind
    return text.strip()


def _red_flags(part: _Part) -> tuple[str, ...]:
    """The first paragraph, or the items of the first list, which it may announce."""
    body = part.body
    if [b.kind for b in body[:2]] == [Kind.PARAGRAPH, Kind.ITEM]:
        body = body[_shown(body[0]).endswith((":", "：")) :]
    items = list(takewhile(lambda block: block.kind is Kind.ITEM, body))
    return tuple(_shown(block) for block in _telling(part, items or body[:1]))


def _telling(part: _Part, blocks: Sequence[Block]) -> list[Block]:
    """The blocks that say something."""
    found = [block for block in blocks if _says_something(_shown(block))]
    if not found:
        part.refuse(
            f"nothing stands under {part.label!r}; is the page cut short? "
            "Write it on the lines below"
        )
    return found


def _shown(block: Block) -> str:
    return block.text if block.kind is Kind.CODE else plain(block.text)


# --- what a whole page must not do --------------------------------------------


def _refuse_an_empty_level(sections: Sequence[_Section], found: set[Level]) -> None:
    """A page that was cut off right after a level's heading is not whole."""
    used = {id(above) for s in sections if s.parts for above in s.under}
    for section in sections:
        is_level = len(section.levels) == 1 and not section.parts
        if is_level and not section.levels & found and id(section) not in used:
            section.refuse(
                f"names the level {min(section.levels).value!r}, but has no question. "
                "Add its questions, or take the level's name out of the heading"
            )


def _refuse_a_repeated_question(questions: Sequence[PageQuestion], name: str) -> None:
    lines: dict[str, int] = {}
    for question in questions:
        words = " ".join(re.findall(r"\w+", question.text.casefold()))
        first = lines.setdefault(words or question.text, question.line)
        if first != question.line:
            raise QuestionPageError(
                f"{name}, line {question.line}: question {question.text!r} stands on "
                f"line {first} already. Take one of the two out"
            )
