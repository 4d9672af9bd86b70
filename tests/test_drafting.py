"""Drafts: in the page's own words, loadable at once, and never over another file."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.drafting import (
    clauses,
    draft_rubric,
    folded_toml_string,
    guess_kind,
    question_ids,
    shares,
    split_flag,
    toml_string,
    write_drafts,
)
from grader.errors import RubricError
from grader.question_page import PageQuestion
from grader.rubric import Level
from grader.rubric_files import RubricShelf, load_rubric


def asked(
    text: str = "What is a stack?",
    strong: str = "The last in is the first out; it has push and pop.",
    flags: tuple[str, ...] = ("Confuses it with a queue or can’t name a use.",),
) -> PageQuestion:
    return PageQuestion(
        text=text, level=Level.MID, strong_answer=strong, red_flags=flags, line=1
    )


def contents(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_draft_loads_at_once(tmp_path: Path) -> None:
    (path,) = write_drafts([asked()], "Data structures", tmp_path, "page.md")

    rubric = load_rubric(path)

    assert path == tmp_path / "data-structures/mid/stack/v1.toml"
    assert rubric.question.text == "What is a stack?"
    assert rubric.question.topic == "data-structures"
    assert rubric.question.source == "page.md"
    assert rubric.strong_answer == asked().strong_answer
    assert [(c.requirement, c.points, c.hint) for c in rubric.criteria] == [
        ("The last in is the first out", 5, ""),
        ("it has push and pop.", 5, ""),
    ]
    assert [(f.statement, f.kind.value, f.cap) for f in rubric.red_flags] == [
        ("Confuses it with a queue.", "states", 0.45),
        ("Can’t name a use.", "omits", 0.45),
    ]


def test_a_draft_says_what_is_guessed_and_what_is_missing() -> None:
    draft = draft_rubric(asked(), "t", "stack")

    assert draft.count('kind = "states"  # Guessed') == 1
    assert draft.count('kind = "omits"  # Guessed') == 1
    assert draft.count('hint = ""  # To be written') == 2


@given(st.text(), st.text(), st.text())
def test_every_text_survives_the_way_to_a_file(one: str, two: str, three: str) -> None:
    question = PageQuestion.model_construct(
        text=one, level=Level.MID, strong_answer=two, red_flags=(three,), line=1
    )

    read = tomllib.loads(draft_rubric(question, "t", "q", source=three))

    assert (read["question"], read["strong_answer"]) == (one, two)
    assert read["source"] == three


@given(st.text())
@pytest.mark.parametrize("write", [toml_string, folded_toml_string])
def test_a_toml_string_reads_back_as_written(write: object, text: str) -> None:
    assert callable(write)

    assert tomllib.loads(f"x = {write(text)}") == {"x": text}


@given(st.lists(st.sampled_from(["word", '"', "\\", "'''", '"""', "\n", " "])))
def test_a_folded_string_reads_back_and_keeps_its_width(pieces: list[str]) -> None:
    text = " ".join(pieces)

    folded = folded_toml_string(text)

    assert tomllib.loads(f"x = {folded}") == {"x": text}


def test_a_long_text_is_folded() -> None:
    draft = draft_rubric(asked(strong="word " * 60 + "end."), "t", "q")

    assert max(map(len, draft.split("\n"))) <= 100


@pytest.mark.parametrize(
    ("strong", "found"),
    [
        ("One. Two! Three", ["One.", "Two!", "Three"]),
        ("One; two (a; b); three.", ["One", "two (a; b)", "three."]),
        (
            "Use e.g. Kafka vs. Rabbit. Then stop.",
            ["Use e.g. Kafka vs. Rabbit.", "Then stop."],
        ),
        ("A, B and C, not D: E — F.", ["A, B and C, not D: E — F."]),
        ("Version 2.5 of it.", ["Version 2.5 of it."]),
        ("Para one.\n\n- item a\n- item b; c", ["Para one.", "item a", "item b", "c"]),
        ("Like so:\n\n```\na; b. C\n\nd\n```", ["Like so:\n```\na; b. C\n\nd\n```"]),
        ("```\ncode\n```", ["```\ncode\n```"]),
        ("It ends (really. Yes", ["It ends (really.", "Yes"]),
        ("一。二。", ["一。", "二。"]),
        ("He said “no.” Then left.", ["He said “no.”", "Then left."]),
    ],
)
def test_a_strong_answer_is_cut_at_sentences_semicolons_and_items(
    strong: str, found: list[str]
) -> None:
    assert clauses(strong) == found


@given(st.text(alphabet='ab .;()!?"“”…', min_size=1))
def test_clauses_hold_no_word_that_the_answer_does_not(text: str) -> None:
    squeezed = " ".join(text.split())

    assert all(" ".join(clause.split()) in squeezed for clause in clauses(squeezed))


@given(st.integers(1, 10))
def test_points_add_up_to_ten_as_evenly_as_can_be(parts: int) -> None:
    points = shares(parts)

    assert sum(points) == 10
    assert points == sorted(points, reverse=True)
    assert points[0] - points[-1] <= 1


def test_more_parts_than_points_get_one_each() -> None:
    assert shares(12) == [1] * 12


@pytest.mark.parametrize(
    ("flag", "found"),
    [
        ("Ignores it.", ["Ignores it."]),
        ("Uses a list or array for it.", ["Uses a list or array for it."]),
        ("Cannot repeat a past model or result.", None),
        ("Skips tests or never reads them.", ["Skips tests.", "Never reads them."]),
        ("Locks or lists are unknown.", None),
        ("", None),
    ],
)
def test_a_flag_is_split_only_between_two_verbs(
    flag: str, found: list[str] | None
) -> None:
    assert split_flag(flag) == (found or [flag])


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("Cannot say why.", "omits"),
        ("Can’t say why.", "omits"),
        ("Doesn't test.", "omits"),
        ("No plan for failure.", "omits"),
        ("Deploys once and never looks.", "omits"),
        ("Knows the words but not the use.", "omits"),
        ("Ships it with no tests.", "states"),
        ("Notes everything twice.", "states"),
        ("Uses the wrong lock.", "states"),
    ],
)
def test_the_kind_of_a_flag_is_guessed_from_its_words(
    statement: str, kind: str
) -> None:
    assert guess_kind(statement) == kind


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("What is a deadlock and how do you avoid one?", "deadlock"),
        (
            "How do you design the cache of an API gateway today?",
            "design-cache-of-api-gateway-today",
        ),
        ("What are joins, keys and views?", "joins-keys-and-views"),
        ("Why don’t you mock the clock?", "mock-clock"),
        ("What is the CAP–PACELC tradeoff?", "cap-pacelc-tradeoff"),
        ("Crème brûlée?", "creme-brulee"),
        ("Compare a lock with:", "compare-lock"),
        ("What is it?", "what-is-it"),
        ("什么是锁?", "question"),
        ("x" * 200, "x" * 60),
    ],
)
def test_an_id_is_made_of_the_first_telling_words(text: str, id: str) -> None:
    assert question_ids([asked(text)]) == [id]


def test_ids_are_unique_on_a_page() -> None:
    texts = ["What is a lock?", "Why a lock?", "What is lock 2?", "Is it a lock?"]

    assert question_ids([asked(t) for t in texts]) == [
        "lock",
        "lock-2",
        "lock-2-2",
        "lock-3",
    ]


def test_nothing_is_written_where_a_draft_is_in_the_way(tmp_path: Path) -> None:
    there = tmp_path / "t/mid/queue/v1.toml"
    there.parent.mkdir(parents=True)
    there.write_text("mine")

    with pytest.raises(RubricError, match=r"queue/v1\.toml is there already"):
        write_drafts([asked(), asked("What is a queue?")], "t", tmp_path)

    assert contents(tmp_path) == {"t/mid/queue/v1.toml"}
    assert there.read_text() == "mine"


def test_a_question_of_another_topic_with_the_same_id_is_in_the_way(
    tmp_path: Path,
) -> None:
    write_drafts([asked()], "one", tmp_path)

    with pytest.raises(RubricError, match="one/mid/stack"):
        write_drafts([asked()], "two", tmp_path)


def test_what_was_written_is_taken_back_where_the_rest_cannot_be(
    tmp_path: Path,
) -> None:
    (tmp_path / "t/mid").mkdir(parents=True)
    (tmp_path / "t/mid/queue").write_text("a file, not a folder")

    with pytest.raises(RubricError, match=r"queue.*nothing was written"):
        write_drafts([asked(), asked("What is a queue?")], "t", tmp_path)

    assert contents(tmp_path) == {"t/mid/queue"}
    assert not (tmp_path / "t/mid/stack").exists()


@pytest.mark.parametrize("topic", ["", "../..", "主题"])
def test_a_topic_without_letters_is_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(RubricError, match="topic"):
        write_drafts([asked()], topic, tmp_path)


def test_a_topic_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    (path,) = write_drafts([asked()], "../../Up & away", tmp_path)

    assert path == tmp_path / "up-away/mid/stack/v1.toml"


def test_a_shelf_takes_all_drafts_of_a_page(tmp_path: Path) -> None:
    questions = [asked(), asked("Why a stack?"), asked("什么是栈?")]

    write_drafts(questions, "t", tmp_path)

    assert len(list(RubricShelf(tmp_path).rubrics())) == 3
