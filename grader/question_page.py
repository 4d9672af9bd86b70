"""A page of questions in Markdown, to the questions it asks and how they are marked.

    ## Junior questions                     a level; any depth
    ### What is overfitting?                a question; any depth below its level
    What a strong answer covers             a label: plain, bold or a heading
    It fits noise; it fails on new data.
    Red flag
    Judges by the training score.           what follows this paragraph is not read
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

from pydantic import Field

from grader.errors import QuestionPageError
from grader.rubric import Frozen, Level, Sentence

STRONG_ANSWER = "What a strong answer covers"
RED_FLAG = "Red flag"

_LEVELS = {
    "junior": Level.JUNIOR,
    "mid": Level.MID,
    "middle": Level.MID,
    "intermediate": Level.MID,
    "senior": Level.SENIOR,
}


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


def load_page(path: Path) -> tuple[PageQuestion, ...]:
    """Read the page at `path`. Raises `QuestionPageError`."""
    return read_page(page_text(path), str(path))


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
    """The `url` that a page's front matter gives, or nothing."""
    lines = _lines(text)
    for line in lines[: _end_of_front_matter(lines)]:
        key, _, value = line.partition(":")
        if key.strip() == "url":
            return value.strip().strip("\"'")
    return ""


def read_page(text: str, name: str) -> tuple[PageQuestion, ...]:
    """The questions of a page called `name`, in its order.

    Raises `QuestionPageError` with name and line where a question is not whole or
    its level is not clear, and where there is no question at all.
    """
    page = _Page(name, tuple(_sections(text, name)))
    questions = tuple(page.questions())
    if not questions:
        raise QuestionPageError(
            f"{name}: there is no question on this page. A question is a heading "
            f"under a level's heading, followed by {STRONG_ANSWER!r} and {RED_FLAG!r}"
        )
    page.refuse_an_empty_level({question.level for question in questions})
    _refuse_a_repeated_question(questions, name)
    return questions


def _stop(name: str, line: int, message: str) -> NoReturn:
    raise QuestionPageError(f"{name}, line {line}: {message}")


# --- from lines to sections ---------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A label and the lines under it."""

    label: str
    line: int
    body: list[str]


@dataclass(frozen=True, eq=False)
class _Section:
    """A heading, the headings it stands under, and the labels before the next."""

    depth: int
    text: str
    line: int
    under: tuple["_Section", ...]
    parts: list[_Part] = field(default_factory=list)

    @property
    def asks(self) -> bool:
        return self.text.endswith(("?", "？"))

    @property
    def levels(self) -> frozenset[Level]:
        """The levels that the heading names, where it is not itself a question."""
        if self.asks:
            return frozenset()
        words = _LEVEL.findall(self.text.casefold())
        return frozenset(_LEVELS[word] for word in words)

    @property
    def level_heading(self) -> "_Section | None":
        """The nearest heading above that names a level."""
        above = (s for s in reversed(self.under) if s.levels and not s.parts)
        return next(above, None)


_LEVEL = re.compile(rf"\b({'|'.join(_LEVELS)})(?=s?\b|level\b)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$", re.DOTALL)
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_RULE = re.compile(r"\s*([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_ITEM = re.compile(r"(\s*)([-*+•]|(\d{1,3})[.)])(?:\s+(.*))?$", re.DOTALL)
_LABEL = re.compile(
    rf"(?P<lead>[\W_]*)(?P<name>{STRONG_ANSWER}|{RED_FLAG}s?)"
    r"(?P<gap>[\s*_]*(?:[:：]|[–—-](?=\s))?[\s*_]*)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)


def _lines(text: str) -> list[str]:
    text = unicodedata.normalize("NFC", text).removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _sections(text: str, name: str) -> Iterator[_Section]:
    """The page's headings in order. A section is whole when the next one comes."""
    section: _Section | None = None
    above: tuple[_Section, ...] = ()
    for line, depth, content, in_code in _headings_and_lines(text, name):
        label = None if in_code else _label(content, is_heading=depth > 0)
        if label:
            if section is None:
                _stop(name, line, f"{label[0]!r} stands outside a question. {_HOW}")
            section.parts.append(_Part(label[0], line, [label[1]] if label[1] else []))
        elif depth:
            if section:
                yield section
            above = tuple(s for s in above if s.depth < depth)
            section = _Section(depth, _question_text(content), line, above)
            above = (*above, section)
        elif section and section.parts:
            section.parts[-1].body.append(content)
    if section:
        yield section


_HOW = "Put the question above it as a heading: '#', a space and the question"


def _headings_and_lines(text: str, name: str) -> Iterator[tuple[int, int, str, bool]]:
    """Number, depth of heading (0: none), text and whether in code, line by line."""
    lines = _lines(text)
    shown = list(_shown(lines, _end_of_front_matter(lines), name))
    for place, (line, content, in_code) in enumerate(shown):
        below = shown[place + 1][1] if place + 1 < len(shown) else ""
        above = shown[place - 1][1] if place else ""
        heading = _HEADING.match(content)
        if in_code:
            yield line, 0, content, True
        elif heading:
            yield line, len(heading[1]), _without_closing(heading[2] or ""), False
        elif _is_underlined(above, content, below):
            yield line, 1 if "=" in below else 2, content, False
        elif not _is_underlined(shown[place - 2][1] if place > 1 else "", above, content):
            yield line, 0, content, False


def _is_underlined(above: str, content: str, below: str) -> bool:
    """Whether `content` is a heading by the line of "=" or "-" below it."""
    return (
        _UNDERLINE.match(below) is not None
        and content[:1].strip() != ""
        and not above.strip()
        and not content.rstrip().endswith(".")
        and not _ITEM.match(content)
        and not _RULE.match(content)
        and not _HEADING.match(content)
        and not _label(content, is_heading=False)
    )


def _end_of_front_matter(lines: Sequence[str]) -> int:
    """How many lines the front matter takes up; 0 where the page has none."""
    if lines[0].rstrip() != "---":
        return 0
    keys = False
    for place, line in enumerate(lines[1:], start=1):
        if line.rstrip() in ("---", "..."):
            return place + 1 if keys else 0
        if re.match(r"[\w.-]+[ \t]*:", line):
            keys = True
        elif line[:1] not in ("", " ", "\t", "#", "-"):
            return 0
    return 0


def _shown(
    lines: Sequence[str], start: int, name: str
) -> Iterator[tuple[int, str, bool]]:
    """Number, text and whether in fenced code, of every line that is no comment."""
    fence = ""
    opened = 0
    in_comment = False
    for line, content in enumerate(lines[start:], start=start + 1):
        if fence:
            yield line, content, True
            fence = "" if _closes(content, fence) else fence
        elif in_comment or content.lstrip().startswith("<!--"):
            opened = opened if in_comment else line
            in_comment = "-->" not in content
        else:
            found = _FENCE.match(content)
            fence, opened = (found[1], line) if found else ("", opened)
            yield line, content, bool(found)
    if fence:
        _stop(name, opened, f"this code fence is never closed. End it with {fence}")
    if in_comment:
        _stop(name, opened, "this comment is never closed. End it with -->")


def _closes(content: str, fence: str) -> bool:
    mark = content.strip()
    return len(mark) >= len(fence) and not mark.strip(fence[0])


def _without_closing(heading: str) -> str:
    """A heading less the "#" that some writers end it with; "C#" keeps its own."""
    heading = heading.strip()
    bare = heading.rstrip("#")
    return bare.rstrip() if not bare or bare[-1].isspace() else heading


def _label(content: str, *, is_heading: bool) -> tuple[str, str] | None:
    """Which label a line is, and what stands on the line after it."""
    found = _LABEL.fullmatch(content.rstrip())
    if not found or (is_heading and content.rstrip().endswith("?")):
        return None
    lead, gap, rest = found["lead"], found["gap"], found["rest"]
    item = _ITEM.match(lead)
    lead = lead[item.start(4) :] if item and item[4] is not None else lead
    marked = lead.endswith(("*", "_"))
    set_apart = gap.strip(" \t*_") != "" or (marked and gap.strip() != "")
    if (rest or item) and not set_apart:
        return None
    if marked and not {"*", "_"} & set(gap):
        rest = rest.rstrip("*_")
    name = RED_FLAG if found["name"].casefold().startswith("red") else STRONG_ANSWER
    return name, rest if any(map(str.isalnum, rest)) else ""


# --- from sections to questions -----------------------------------------------


@dataclass(frozen=True)
class _Page:
    name: str
    sections: tuple[_Section, ...]

    def questions(self) -> Iterator[PageQuestion]:
        """Every section with a label is a question; of the rest, none may be one."""
        headings = (s.level_heading for s in self.sections if s.parts)
        depths = {heading.depth for heading in headings if heading}
        following = (*self.sections[1:], None)
        for section, after in zip(self.sections, following, strict=False):
            if section.parts:
                yield self._question(section, self._level(section, depths))
            elif _is_cut_short(section, after):
                self._stop_at(
                    section,
                    f"has no {STRONG_ANSWER!r}. Add it and {RED_FLAG!r}, or move this "
                    "heading above the first level if it is no question",
                )

    def _level(self, section: _Section, depths: set[int]) -> Level:
        heading = section.level_heading
        if section.levels and (heading is None or section.depth in depths):
            label = section.parts[0]
            _stop(self.name, label.line, f"{label.label!r} stands outside a question. {_HOW}")
        between = [s for s in section.under if heading and s.depth > heading.depth]
        nameless = [s for s in between if s.depth in depths]
        if heading is None or nameless:
            above = (nameless or section.under)[-1:]
            place = f"heading {above[0].text!r} names none" if above else "none is above"
            self._stop_at(
                section,
                f"stands under no level: {place}. "
                "Put junior, mid or senior in the heading above it",
            )
        if len(heading.levels) > 1:
            named = ", ".join(sorted(heading.levels))
            self._stop_at(heading, f"names several levels ({named}). Name one")
        return next(iter(heading.levels))

    def _question(self, section: _Section, level: Level) -> PageQuestion:
        if not any(map(str.isalnum, section.text)):
            _stop(self.name, section.line, "this heading is empty. Write the question in it")
        labels = [part.label for part in section.parts]
        for part, before in zip(section.parts[1:], labels, strict=False):
            if labels.count(part.label) > 1 and (part.label == before or len(labels) > 2):
                _stop(
                    self.name,
                    part.line,
                    f"question {section.text!r} has {part.label!r} more than once. "
                    f"If another question starts above this line: {_HOW[0].lower()}{_HOW[1:]}",
                )
        for label in (STRONG_ANSWER, RED_FLAG):
            if label not in labels:
                self._stop_at(section, f"has no {label!r}. Add it below the question")
        if labels != [STRONG_ANSWER, RED_FLAG]:
            self._stop_at(section, f"has {RED_FLAG!r} first. Put {STRONG_ANSWER!r} above it")
        strong, flag = section.parts
        return PageQuestion(
            text=section.text,
            level=level,
            strong_answer=self._filled(strong, _whole(strong.body)),
            red_flags=self._filled(flag, _first(flag.body)),
            line=section.line,
        )

    def _filled[T](self, part: _Part, found: T) -> T:
        return found
