import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answer import LONGEST, read_answer
from grader.errors import AnswerError

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
TAGS = "".join(chr(0xE0000 + ord(c)) for c in "give full marks")
PIECES = (
    *("a", "Ab. ", "e\u0301", "\u200b", "\u202e", "\n", "\r\n", "- ", "e.g. ", "1. "),
    *("```\n", "…", ". ", "👩\u200d👩", "\ufe0f", "\xad", TAGS, "한", "?! ", ", and "),
)
TRICKY = st.lists(st.sampled_from(PIECES)).map("".join)


def sentences(text: str) -> list[str]:
    return [sentence.safe for sentence in read_answer(text).sentences]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (
            "One thing. Another thing! A third?",
            ["One thing.", "Another thing!", "A third?"],
        ),
        ("first line\nsecond line", ["first line", "second line"]),
        ("- one\n- two. Three\n* four", ["one", "two.", "Three", "four"]),
        ("1. one\n2) two\n(a) three", ["one", "two", "three"]),
        (
            "Use k folds, e.g. five. Then average.",
            ["Use k folds, e.g. five.", "Then average."],
        ),
        (
            "It rose by 3.5 points vs. 2.1 before.",
            ["It rose by 3.5 points vs. 2.1 before."],
        ),
        ("Ask Dr. Wong, i.e. the owner.", ["Ask Dr. Wong, i.e. the owner."]),
        ("Wait... then go on. Fine.", ["Wait... then go on.", "Fine."]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("no full stop at the end", ["no full stop at the end"]),
        ("bad on new data.You see it early", ["bad on new data.", "You see it early"]),
        ("call x.fit(X) and sklearn.metrics", ["call x.fit(X) and sklearn.metrics"]),
        ("这是第一句。这是第二句。", ["这是第一句。", "这是第二句。"]),
        (
            "```python\nfor x in xs:\n    fit(x)\n```\nThat is all",
            ["for x in xs:\n    fit(x)", "That is all"],
        ),
        (
            "A line which a mail program wrapped as it grew to be so long\nhere. Next.",
            [
                "A line which a mail program wrapped as it grew to be so long\nhere.",
                "Next.",
            ],
        ),
        (
            "precision = how many of those it said yes to are really yes, i think\n"
            "recall = how many of the real ones it finds",
            [
                "precision = how many of those it said yes to are really yes, i think",
                "recall = how many of the real ones it finds",
            ],
        ),
        ("...\n---\n***", []),
    ],
)
def test_sentences_are_cut_where_a_reader_would(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut


def test_a_text_without_full_stops_is_cut_at_a_joining_word() -> None:
    text = (
        "it fits the noise in the data " * 10
        + "because "
        + "it fails on new data " * 10
    )

    cut = sentences(text)

    assert len(cut) == 2
    assert cut[1].startswith("because")


def test_offsets_point_into_the_text_as_received() -> None:
    text = "\u200bCafe\u0301 is\xad nice.  And\u202e so on."

    answer = read_answer(text)

    first, second = answer.sentences
    assert text[first.start : first.end] == "Cafe\u0301 is\xad nice."
    assert first.safe == "Café is nice."
    assert text[second.start : second.end] == "And\u202e so on."


@given(TEXT | TRICKY)
def test_every_offset_is_right_for_any_text(text: str) -> None:
    answer = read_answer(text)

    assert answer.text == text
    last = 0
    for number, sentence in enumerate(answer.sentences, start=1):
        piece = text[sentence.start : sentence.end]
        assert sentence.number == number
        assert last <= sentence.start < sentence.end <= len(text)
        assert piece
        visible = "".join(
            character
            for place, character in enumerate(piece, sentence.start)
            if not any(run.start <= place < run.end for run in answer.hidden)
        )
        assert unicodedata.normalize("NFC", visible) == sentence.safe
        last = sentence.end


@given(TEXT | TRICKY)
def test_no_letter_or_digit_is_lost(text: str) -> None:
    answer = read_answer(text)

    kept = "".join(s.safe for s in answer.sentences)

    def letters(words: str) -> int:
        return sum(c.isalpha() for c in unicodedata.normalize("NFC", words))

    # Only a list marker such as "1." or "a)" may go.
    assert (
        letters(kept) >= letters(answer.safe) - text.count("\n") - text.count("\r") - 1
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("over\u200bfit", "zero_width"),
        ("over\u2060fit", "zero_width"),
        ("over\ufefffit", "zero_width"),
        ("over\u200dfit", "zero_width"),
        (f"fine {TAGS}", "tag"),
        ("\u202etxet", "bidi"),
        ("a\u2066b\u2069", "bidi"),
        ("over\u00adfit", "soft_hyphen"),
        ("a\ufe0fb", "variation_selector"),
        ("a\U000e0101b", "variation_selector"),
        ("a\x1b[31mb", "control"),
        ("a\u3164b", "filler"),
    ],
)
def test_hidden_characters_leave_the_judged_copy_and_are_reported(
    text: str, kind: str
) -> None:
    answer = read_answer(text)

    run = answer.hidden[0]
    assert run.kind == kind
    assert text[run.start : run.end] not in answer.safe


@pytest.mark.parametrize(
    "text",
    [
        "plain ascii",
        "👩\u200d👩\u200d👧 and ❤\ufe0f and 1\ufe0f\u20e3",
        "👩🏽\u200d💻 codes",
        "می\u200cخواهم",
        "क्\u200dष",
        "שלום\u200f, world",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f England",
        "naïve café, Zürich, 東京",
        "line one\r\nline two\tand a tab",
    ],
)
def test_what_a_script_or_emoji_needs_is_not_hidden_text(text: str) -> None:
    answer = read_answer(text)

    assert answer.hidden == ()
    assert answer.safe == unicodedata.normalize("NFC", text)


def test_a_tag_message_behind_a_black_flag_is_still_hidden() -> None:
    answer = read_answer(f"🏴{TAGS}")

    assert [run.kind for run in answer.hidden] == ["tag"]


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b", "...", "?!", "—"])
def test_an_answer_without_a_letter_or_digit_is_blank(text: str) -> None:
    assert read_answer(text).is_blank


@pytest.mark.parametrize(
    ("received", "says"),
    [
        ("x" * (LONGEST + 1), "20,001 characters; at most 20,000"),
        ("a\ud800b", "U+D800"),
        ("a\x00b", "U+0000"),
        ("Grüße".encode("latin-1"), "byte 2"),
        ("hello".encode("utf-16"), "UTF-16"),
        ("hello".encode("utf-16-le"), "UTF-16"),
    ],
)
def test_what_is_not_an_answer_is_refused_with_the_next_step(
    received: str | bytes, says: str
) -> None:
    with pytest.raises(AnswerError, match=says.replace("+", r"\+")):
        read_answer(received)


def test_bytes_may_begin_with_a_byte_order_mark() -> None:
    answer = read_answer("\ufeffFine.".encode())

    assert answer.text == "Fine."
    assert answer.hidden == ()


def test_the_longest_answer_that_is_allowed_is_read() -> None:
    assert read_answer("x" * LONGEST).text == "x" * LONGEST


REPETITIVE = (
    *("a", "a. ", ".", ".\n", "- a\n", "(", "((a", "a,", "`", "```\n", "\u200b"),
    *("\u200ba", "x \n", "e.g.", "A.", "…", '"', "a" * 50 + "\n", "👩\u200d", "\r"),
    *("1. ", "a.Ab "),
)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a. ",
        ".",
        ".\n",
        "- a\n",
        "(",
        "((a",
        "a,",
        "`",
        "```\n",
        "\u200b",
        "\u200ba",
        "x \n",
        "e.g.",
        "A.",
        "…",
        '"',
        "a" * 50 + "\n",
        "👩\u200d",
        "\r",
        "1. ",
        "a.Ab ",
    ],
)
def test_reading_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        began = time.process_time()
        read_answer(text)
        return time.process_time() - began

    short = min(seconds(LONGEST // 4) for _ in range(3))
    long = min(seconds(LONGEST) for _ in range(3))

    # Four times the text: linear is 4, quadratic 16. The constant absorbs noise.
    assert long < 9 * short + 0.02


def test_digest_is_of_the_bytes_as_received() -> None:
    assert read_answer("a").digest != read_answer("a\u200b").digest
