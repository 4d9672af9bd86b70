"""Blocks and inline marks of Markdown."""

import pytest

from grader.errors import QuestionPageError
from grader.markdown import Kind, blocks, plain, read_blocks, split_page


@pytest.mark.parametrize(
    ("line", "depth", "text"),
    [
        ("# One", 1, "One"),
        ("   ###### Six ##", 6, "Six"),
        ("## C#", 2, "C#"),
        ("##", 2, ""),
        ("####### Seven", 0, "####### Seven"),
        ("#None", 0, "#None"),
        ("    # Code", 0, "# Code"),
        ("> # Quoted", 0, "Quoted"),
        ("<div>", 0, "<div>"),
    ],
)
def test_a_heading_starts_with_one_to_six_marks(
    line: str, depth: int, text: str
) -> None:
    (found,) = read_blocks(line, "p")

    assert (found.depth, found.text) == (depth, text)


@pytest.mark.parametrize(
    ("page", "depths"),
    [
        ("Title\n=====", [1]),
        ("\nPart\n---\nText", [2, 0]),
        ("A sentence.\n---", [0]),
        ("- item\n---", [0, 0]),
        ("Two\nlines\n---", [0]),
        ("\n---", [0]),
    ],
)
def test_a_line_of_marks_makes_a_heading_of_a_lone_line(
    page: str, depths: list[int]
) -> None:
    assert [block.depth for block in read_blocks(page, "p")] == depths


def test_code_and_comments_hold_no_heading() -> None:
    page = "~~~~ py\n# a\n~~~\nb\n---\n~~~~\n<!--\n\n# b\n-->\n# c"

    assert [(b.kind, b.line, b.depth) for b in read_blocks(page, "p")] == [
        (Kind.CODE, 1, 0),
        (Kind.HEADING, 11, 1),
    ]


def test_no_tag_hides_what_is_below_it() -> None:
    assert [b.text for b in read_blocks("<pre>\n# a\n<!x\n# b", "p")] == [
        *("<pre>", "a", "<!x", "b")
    ]


@pytest.mark.parametrize(
    ("page", "line", "says"),
    [
        ("a\n```\nb", 2, "code fence is never closed.*'```'"),
        ("---\nt: a\n---\n\n~~~~\nb\n~~~\n", 5, "code fence is never closed.*'~~~~'"),
        ("- a\n\n  ```\n  b\n\nc\n", 3, "code fence is never closed"),
        ("```", 1, "code fence is never closed"),
        ("a\n\n<!-- b\n\nc", 3, "comment is never closed.*'-->'"),
    ],
)
def test_what_is_never_closed_is_named_by_its_line(
    page: str, line: int, says: str
) -> None:
    with pytest.raises(QuestionPageError, match=rf"^p, line {line}: this {says}"):
        list(read_blocks(page, "p"))


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("---\ntitle: a\n# note\n  more\n---\nText", 5),
        ("---\r\n# note\r\nurl: a\r\n...", 3),
        ("---\na\n---\n", 0),
        ("---\n---\n", 0),
        ("---\n---\na: b\n---\n", 0),
        ("---\ntitle: a\n", 0),
        ("Text\n---\n", 0),
    ],
)
def test_front_matter_is_fields_between_two_fences(page: str, lines: int) -> None:
    fields, text = split_page(page)

    assert fields.count("\n") == lines
    assert text.count("\n") == page.count("\n")


def test_blocks_are_told_apart() -> None:
    lists = "Two\nlines\n- a\n  b\n\n  c\n  - d\n* e\n\n***\n"
    page = f"{lists}> quoted\n> words\n```\nx\n\ny\n```\nz"

    found = [(b.kind, b.line, b.text) for b in blocks(page.split("\n"))]

    assert found == [
        (Kind.PARAGRAPH, 1, "Two\nlines"),
        (Kind.ITEM, 3, "a\nb\n\nc"),
        (Kind.ITEM, 7, "d"),
        (Kind.ITEM, 8, "e"),
        (Kind.RULE, 10, ""),
        (Kind.PARAGRAPH, 11, "quoted\nwords"),
        (Kind.CODE, 13, "```\nx\n\ny\n```"),
        (Kind.PARAGRAPH, 18, "z"),
    ]


@pytest.mark.parametrize("mark", ["> ", "- "])
def test_what_is_nested_deep_is_not_lost(mark: str) -> None:
    (found,) = blocks([mark * 40 + "deep"])

    assert found.text == "deep"


def test_a_pasted_bullet_starts_an_item() -> None:
    found = [(b.kind, b.text) for b in read_blocks("• a\n• b", "p")]

    assert found == [(Kind.ITEM, "a"), (Kind.ITEM, "b")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**bold *and* more**", "bold and more"),
        ("a * b * c", "a * b * c"),
        ("snake_case_name and _stress_", "snake_case_name and stress"),
        ("`__init__` stays", "`__init__` stays"),
        ('![a](b.png) [c](d "e")', "a c"),
        (r"\*literal\* AT&amp;T", "*literal* AT&T"),
        ("`**code**` and ``a ` b``", "`**code**` and ``a ` b``"),
        ("List<int> and <b>", "List<int> and <b>"),
        ("  two\u00a0 spaces\nand  lines\\\nbroken ", "two spaces and lines broken"),
    ],
)
def test_inline_marks_are_taken_off(text: str, words: str) -> None:
    assert plain(text) == words
