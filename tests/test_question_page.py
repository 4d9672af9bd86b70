"""Pages of questions, whole and broken."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import QuestionPageError
from grader.question_page import PageQuestion, page_source, page_text, read_page

PAGE = """\
---
title: "Baking questions: junior to senior"
url: https://example.org/baking
---

# Baking questions: junior to senior

How to use this

These questions tell a baker from a reader of recipes.

## Junior baking questions

Basics.

### What is proofing?

What a strong answer covers

The dough rests so that yeast makes gas; it roughly doubles in size.

Red flag

Can’t say when the dough is ready.

### Why do you knead dough?

What a strong answer covers

Kneading lines up the gluten, which holds the gas.

Red flag

Kneads until a timer rings.

## Mid-level baking questions

### How do you scale a recipe?

What a strong answer covers

By weight, with baker's percentages.

Red flag

Scales by cups.

## SENIOR

### When would you not use a starter?

What a strong answer covers

Where timing must be exact.

Red flag

Uses one everywhere.

**Hire a baker.** We know them all.

[Our bakery](https://example.org)
"""


def question(strong: str = "It rises.", flag: str = "Guesses.") -> str:
    return (
        "## Junior\n\n### What is yeast?\n\nWhat a strong answer covers\n\n"
        f"{strong}\n\nRed flag\n\n{flag}\n"
    )


def only(page: str) -> PageQuestion:
    (found,) = read_page(page, "page.md")
    return found


def test_a_page_is_read_question_by_question() -> None:
    found = read_page(PAGE, "baking.md")

    assert [(q.text, q.level.value) for q in found] == [
        ("What is proofing?", "junior"),
        ("Why do you knead dough?", "junior"),
        ("How do you scale a recipe?", "mid"),
        ("When would you not use a starter?", "senior"),
    ]
    assert found[0].strong_answer == (
        "The dough rests so that yeast makes gas; it roughly doubles in size."
    )
    assert found[0].red_flags == ("Can’t say when the dough is ready.",)
    assert PAGE.split("\n")[found[2].line - 1] == "### How do you scale a recipe?"


def test_what_follows_the_last_red_flag_is_not_part_of_it() -> None:
    assert read_page(PAGE, "baking.md")[-1].red_flags == ("Uses one everywhere.",)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_do_not_matter(end: str) -> None:
    assert read_page(PAGE.replace("\n", end), "p") == read_page(PAGE, "p")


def test_texts_are_composed() -> None:
    page = question().replace("yeast", "cre\u0300me").replace("\n", "\r\n")

    assert only("\ufeff" + page).text == "What is crème?"


@pytest.mark.parametrize(
    ("heading", "level"),
    [
        ("## Junior questions", "junior"),
        ("# JUNIORS", "junior"),
        ("#### For middle bakers", "mid"),
        ("## Intermediate ##", "mid"),
        ("## Mid", "mid"),
        ("## Midlevel", "mid"),
        ("## **Senior** bakers", "senior"),
        ("Senior\n======", "senior"),
        ("Senior bakers\n---", "senior"),
    ],
)
def test_a_level_is_named_in_its_heading(heading: str, level: str) -> None:
    page = question().replace("###", "#####").replace("## Junior", heading)

    assert only(page).level == level


@pytest.mark.parametrize(
    ("strong", "flag"),
    [
        ("What a strong answer covers\n", "Red flag\n"),
        ("what a strong answer covers:\n", "RED FLAGS:\n"),
        ("What a strong answer covers: ", "Red flag: "),
        ("**What a strong answer covers**\n", "**Red flag**\n"),
        ("**What a strong answer covers:** ", "**Red flag:** "),
        ("**What a strong answer covers**: ", "__Red flags__: "),
        ("**What a strong answer covers** ", "*Red flag* "),
        ("- **What a strong answer covers:** ", "- **Red flag:** "),
        ("#### What a strong answer covers\n\n", "#### Red flag ####\n\n"),
        ("#### What a strong answer covers:\n", "### 🚩 Red flag\n"),
        ("> What a strong answer covers: ", "> Red flag – "),
        ("What a strong answer covers\u00a0: ", "Red flag\u00a0: "),
    ],
)
def test_labels_come_in_many_forms(strong: str, flag: str) -> None:
    page = f"## Junior\n### What is yeast?\n\n{strong}It rises.\n\n{flag}Guesses.\n"

    found = only(page)

    assert (found.strong_answer, found.red_flags) == ("It rises.", ("Guesses.",))


@pytest.mark.parametrize(("held", "flag"), [("B.", "B."), ("B\nc.", "B c.")])
def test_a_bold_label_may_hold_its_text(held: str, flag: str) -> None:
    strong = "What a strong answer covers: A."
    page = f"## Mid\n### Q?\n{strong}\n\n**Red flag: {held}**\n"

    assert only(page).red_flags == (flag,)


def test_a_label_needs_no_blank_line_below_a_list() -> None:
    page = "## Mid\n### Q?\nWhat a strong answer covers\n- a\n- b\nRed flag\n- c\n"

    assert (only(page).strong_answer, only(page).red_flags) == ("- a\n- b", ("c",))


def test_words_like_a_label_are_not_one() -> None:
    strong = (
        "Red flags are what to look for:\n\n- red flag\n- What a strong answer does"
    )

    assert only(question(strong)).strong_answer == strong


def test_a_question_about_red_flags_is_a_question() -> None:
    page = question().replace("What is yeast?", "Red flags: which do you know?")

    assert only(page).text == "Red flags: which do you know?"


def test_a_strong_answer_may_have_paragraphs_a_list_and_code() -> None:
    strong = (
        "First **part**\non two lines.\n\n- one\n- two\n  more\n\n"
        "```\n# Not a heading\nRed flag\n```\n\nLast."
    )

    assert only(question(strong)).strong_answer == (
        "First part on two lines.\n\n- one\n- two more\n\n"
        "```\n# Not a heading\nRed flag\n```\n\nLast."
    )


@pytest.mark.parametrize(
    ("flag", "flags"),
    [
        ("Guesses\nwildly.\n\nMore words.", ("Guesses wildly.",)),
        ("- Guesses.\n- Shrugs.\n\nMore words.", ("Guesses.", "Shrugs.")),
        ("1. Guesses.\n\n2. Shrugs.\n", ("Guesses.", "Shrugs.")),
        ("- Guesses.\n\n  Really.\n- Shrugs.", ("Guesses. Really.", "Shrugs.")),
        ("• Guesses.\n• Shrugs.", ("Guesses.", "Shrugs.")),
        ("Any of:\n- Guesses.\n- Shrugs.", ("Guesses.", "Shrugs.")),
        ("Guesses.\n\n- Not a flag.", ("Guesses.",)),
        ("Guesses.\n---\n\nFooter", ("Guesses.",)),
        ("Stops at step\n12. Then leaves.", ("Stops at step 12. Then leaves.",)),
    ],
)
def test_a_red_flag_is_a_paragraph_or_each_item_of_a_list(
    flag: str, flags: tuple[str, ...]
) -> None:
    assert only(question(flag=flag)).red_flags == flags


def test_headings_in_code_and_comments_ask_nothing() -> None:
    page = question() + "\n~~~\n### What is salt?\n~~~\n<!--\n### Why?\n-->\n"

    assert len(read_page(page, "p")) == 1


def test_marks_and_numbers_are_not_part_of_a_question() -> None:
    page = question().replace("What is yeast?", "1. What *is* [yeast](x)? ###")

    assert only(page).text == "What is yeast?"


def test_headings_may_group_the_questions_of_a_level() -> None:
    page = question().replace("### What", "### Dough\n\n#### What")

    assert only(page).text == "What is yeast?"


def test_a_part_after_the_levels_is_not_read() -> None:
    page = f"# Bakers\n\n{question()}\n## About us\n\n### Who are we?\n\nBakers.\n"

    assert len(read_page(page, "p")) == 1


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert len(read_page(f"---\n\nHello.\n\n{question()}\n---\n", "p")) == 1


def test_the_source_is_the_url_of_the_front_matter() -> None:
    assert page_source(PAGE) == "https://example.org/baking"
    assert page_source("url: not in front matter") == ""


STRONG = "What a strong answer covers\n\nIt rises.\n\n"
FLAG = "Red flag\n\nGuesses.\n\n"


@pytest.mark.parametrize(
    ("page", "line", "says"),
    [
        (f"## Junior\n### Q?\n{FLAG}", 2, "has no 'What a strong answer covers'"),
        (f"## Junior\n### Q?\n{STRONG}", 2, "has no 'Red flag'"),
        (f"{question()}### Q?\n", 12, "has no 'What a strong answer covers'"),
        (f"{question()}### Explain sal", 12, "has no 'What a strong answer covers'"),
        (f"## Junior\n### Q?\n{STRONG}Red flag\n", 7, "nothing stands under"),
        (f"## Junior\n### Q?\n{STRONG}Red flag:\n\n---\nBye", 7, "nothing stands"),
        (
            f"## Junior\n### Q?\nWhat a strong answer covers\n{FLAG}",
            3,
            "nothing stands under 'What a strong answer covers'",
        ),
        (f"### Q?\n{STRONG}{FLAG}## Junior\n", 1, "no clear level"),
        (f"# Bread\n## Hard\n### Q?\n{STRONG}{FLAG}", 3, "no clear level"),
        (f"## Junior or mid\n### Q?\n{STRONG}{FLAG}", 2, "no clear level"),
        (f"{question()}## Hard\n### Q?\n{STRONG}{FLAG}", 13, "no clear level"),
        (
            f"# Senior bakers\n{question()}## Hard\n### Q?\n{STRONG}{FLAG}",
            4,
            "no clear level",
        ),
        (f"{question()}### What is  YEAST\n{STRONG}{FLAG}", 12, "line 3 already"),
        (f"{question()}## Senior\n", 12, "has no question"),
        (f"## Junior\n{STRONG}{FLAG}", 2, "outside a question"),
        (f"{question()}## Mid\n{STRONG}{FLAG}", 13, "outside a question"),
        (STRONG, 1, "outside a question"),
        (f"{question()}{STRONG}{FLAG}", 12, "a second 'What a strong"),
        (f"{question()}###Salt?\n{STRONG}{FLAG}", 13, "a second 'What a strong"),
        (f"{question()}{FLAG}", 12, "a second 'Red flag'"),
        (f"## Junior\n### Q?\n{FLAG}{STRONG}", 3, "Put it below"),
        (f"## Junior\n###\n{STRONG}{FLAG}", 2, "asks nothing"),
        (f"{question()}```\ncode", 12, "code fence is never closed"),
        (f"{question()}<!-- later", 12, "comment is never closed"),
    ],
)
def test_a_page_that_is_not_whole_is_refused(page: str, line: int, says: str) -> None:
    with pytest.raises(QuestionPageError) as caught:
        read_page(page, "bread.md")

    assert str(caught.value).startswith(f"bread.md, line {line}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize("page", ["", "Nothing here.", "# Title\n\n## Part\n"])
def test_a_page_without_questions_is_refused(page: str) -> None:
    with pytest.raises(QuestionPageError, match=r"^bread\.md: there is no question"):
        read_page(page, "bread.md")


@pytest.mark.parametrize("lines", range(len(PAGE.split("\n")) - 7))
def test_a_page_cut_short_never_yields_a_question_that_is_not_whole(
    lines: int,
) -> None:
    whole = read_page(PAGE, "p")
    try:
        found = read_page("\n".join(PAGE.split("\n")[:lines]), "p")
    except QuestionPageError:
        return

    assert found == whole[: len(found)]


@given(st.text(alphabet=st.sampled_from("#*_-`~<>!: \n?aRed flag[]()\\"), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    page = question(strong="A. " + text)
    try:
        found = read_page(page, "p")
    except QuestionPageError:
        return

    assert found[0].text == "What is yeast?"


@pytest.mark.parametrize("unit", ["`", "*a ", "_a ", "[a](", "# a\n", "- a\n", "(((a;"])
def test_a_long_page_takes_time_in_proportion(unit: str) -> None:
    page = question(strong=unit * 20_000)

    start = time.process_time()
    with pytest.raises(QuestionPageError):
        read_page(page + "### Cut?", "p")

    assert time.process_time() - start < 5


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_bytes(b"\xef\xbb\xbf" + PAGE.encode())

    assert page_text(tmp_path / "page.md") == PAGE


@pytest.mark.parametrize("name", ["absent.md", "latin.md", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "latin.md").write_bytes(b"caf\xe9")

    with pytest.raises(QuestionPageError, match=name):
        page_text(tmp_path / name)
