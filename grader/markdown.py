"""A page in Markdown, as a flat run of blocks; the reading itself is markdown-it's."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.token import Token

from grader.errors import QuestionPageError


class Kind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "list item"
    CODE = "code fence"
    COMMENT = "comment"
    RULE = "rule"


@dataclass(frozen=True)
class Block:
    """A stretch of lines with its inline marks; `line` is its first, counted from 1.

    Only code has its fences. `depth` is 1 to 6 for a heading. `lacks` is the mark that
    should have ended it.
    """

    kind: Kind
    line: int
    text: str
    depth: int = 0
    lacks: str = ""

    @property
    def pieces(self) -> list[list[str]]:
        """Its lines, as the only text that it holds."""
        return [self.text.split("\n")]


def _comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Comments are all the HTML there is: no other tag may hide a question."""
    at = state.bMarks[start] + state.tShift[start]
    return state.src.startswith("<!--", at) and html_block(state, start, end, silent)


# What is nested deeper is dropped without a word.
_DEEP = {"maxNesting": 100}
_BLOCKS = MarkdownIt("commonmark", _DEEP).disable(["inline", "reference"])
_BLOCKS.block.ruler.at("html_block", _comment, {"alt": ["paragraph", "blockquote"]})
_INLINE = MarkdownIt("commonmark").disable("html_inline")
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n"
    r"(?:#.*\n|\n)*+[\w.][\w.-]*[ \t]*:.*\n"  # Without a field, "---" is a rule.
    r"(?:(?:[\w.][\w.-]*[ \t]*:|[ \t#-]).*\n|\n)*?"
    r"(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)


def split_page(text: str) -> tuple[str, str]:
    """The fields on top of a page, and its text in NFC with blank lines for them."""
    text = unicodedata.normalize("NFC", text).removeprefix("\ufeff")
    text = re.sub(r"\r\n?", "\n", text)
    text = re.sub(r"^([ \t]*)•(?=[ \t])", r"\1-", text, flags=re.MULTILINE)
    found = _FRONT_MATTER.match(text)
    fields = found[0] if found else ""
    return fields, "\n" * fields.count("\n") + text[len(fields) :]


def blocks(lines: Sequence[str]) -> list[Block]:
    """Cut lines into blocks. Lists and quotes come without their marks, unnested."""
    found: list[Block] = []
    items, is_new, above = 0, False, Token("", "", 0)
    for token in _BLOCKS.parse("\n".join([*lines, ""])):
        if token.type.startswith("list_item"):
            items, is_new = items + token.nesting, token.nesting > 0
        elif token.map and not token.nesting:
            block = _block(token, above, token.map[0] + 1, token.map[1])
            is_words = block.kind is Kind.PARAGRAPH
            if is_words and is_new:
                found.append(replace(block, kind=Kind.ITEM))
            elif is_words and items and found[-1].kind is Kind.ITEM:
                gap = block.line - found[-1].line - found[-1].text.count("\n")
                text = found[-1].text + "\n" * gap + block.text
                found[-1] = replace(found[-1], text=text)
            else:
                found.append(block)
            is_new = False
        above = token
    return found


def _block(token: Token, above: Token, first: int, last: int) -> Block:
    text = token.content.rstrip("\n")
    if token.type == "fence":
        lacks = token.markup if token.content.count("\n") > last - first - 1 else ""
        code = f"{token.markup}{token.info}\n{token.content}{token.markup}"
        return Block(Kind.CODE, first, code, lacks=lacks)
    if token.type == "html_block":
        return Block(Kind.COMMENT, first, text, lacks="" if "-->" in text else "-->")
    if token.type == "hr":
        return Block(Kind.RULE, first, "")
    # People put "---" right below a sentence, too, to divide a page.
    is_marked = above.markup[:1] == "#" or not ("\n" in text or text.endswith("."))
    if above.type == "heading_open" and not above.level and is_marked:
        return Block(Kind.HEADING, first, text, int(above.tag[1:]))
    return Block(Kind.PARAGRAPH, first, text)


def read_blocks(text: str, name: str) -> Iterator[Block]:
    """The blocks of a page less its front matter and comments.

    Raises `QuestionPageError` where a code fence or a comment is never closed.
    """
    for block in blocks(split_page(text)[1].split("\n")):
        if block.lacks:
            raise QuestionPageError(
                f"{name}, line {block.line}: this {block.kind} is never closed. "
                f"End it with {block.lacks!r} on a line below"
            )
        if block.kind is not Kind.COMMENT:
            yield block


def plain(text: str) -> str:
    """The text less links, emphasis and escapes, on one line. Code keeps its marks.

    >>> plain(r"Uses **the** [docs](https://x.org), 2 \\* 3 and `a * b`")
    'Uses the docs, 2 * 3 and `a * b`'
    """
    (line,) = _INLINE.parseInline(text)
    return " ".join("".join(map(_words, line.children or ())).split())


def _words(token: Token) -> str:
    if token.type == "code_inline":
        return f"{token.markup}{token.content}{token.markup}"
    return " " if token.type.endswith("break") else token.content
