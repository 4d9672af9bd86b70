import json
from collections import Counter
from pathlib import Path
from string import ascii_lowercase

import pytest

from evals.labelled import LabelledExample, read_examples, split_of
from evals.run import labelled_judgement
from grader.answer import read_answer
from grader.errors import InputError
from grader.judgement import Verdict, covers
from grader.settings import Settings
from grader.wiring import open_shelf

LINE = {
    "id": "tea-a01",
    "question_id": "tea",
    "answer": "Boil it.",
    "kind": "plain",
    "split": "test",
    "verdicts": {"boil": "met"},
    "red_flags": {"cold": False},
    "grade": 3,
    "labellers": ["somebody"],
}


def written(folder: Path, *lines: str) -> Path:
    path = folder / "tea.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_examples_are_read_whole_and_in_order_of_file(tmp_path: Path) -> None:
    written(tmp_path, json.dumps(LINE))
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE | {"id": "first"}))
    (tmp_path / "notes.txt").write_text("not an example")

    first, second = read_examples(tmp_path)

    assert first.id == "first"
    assert second.answer == "Boil it."
    assert second.verdicts == {"boil": Verdict.MET}
    assert second.labellers == ("somebody",)
    assert second.disputed == ()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"grade": 5}, "grade"),
        ({"split": "holdout"}, "split"),
        ({"verdicts": {"boil": "maybe"}}, "verdicts.boil"),
        ({"verdict": {}}, "verdict"),
        ({"answer": None}, "answer"),
    ],
)
def test_a_line_with_a_wrong_field_is_named(
    tmp_path: Path, change: dict[str, object], named: str
) -> None:
    path = written(tmp_path, json.dumps(LINE), json.dumps(LINE | change))

    with pytest.raises(InputError) as raised:
        list(read_examples(tmp_path))

    assert str(raised.value).startswith(f"{path}, line 2: ")
    assert named in str(raised.value)


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "x"}'])
def test_a_line_that_is_no_example_is_named(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, line)

    with pytest.raises(InputError, match=r"tea\.jsonl, line 1: ") as raised:
        list(read_examples(tmp_path))

    assert str(path) in str(raised.value)


def test_a_folder_without_examples_holds_none(tmp_path: Path) -> None:
    assert list(read_examples(tmp_path)) == []


def test_a_split_hangs_on_the_hand_and_on_nothing_else() -> None:
    for hand in ascii_lowercase:
        splits = {
            split_of(f"{id}-{hand}{n:02}") for id in ("tea", "a-b") for n in (1, 9)
        }

        assert len(splits) == 1, hand


def test_about_four_in_ten_hands_are_for_test() -> None:
    splits = Counter(
        split_of(f"id-{a}{b}") for a in ascii_lowercase for b in ascii_lowercase
    )

    assert splits["test"] == pytest.approx(270, abs=40)
    assert splits["train"] == pytest.approx(203, abs=40)


# --- the examples of the package ---------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> list[LabelledExample]:
    return list(read_examples())


def test_no_two_examples_share_an_id(shipped: list[LabelledExample]) -> None:
    assert max(Counter(example.id for example in shipped).values()) == 1


def test_no_example_was_moved_to_another_split(shipped: list[LabelledExample]) -> None:
    moved = [e.id for e in shipped if e.split != split_of(e.id)]

    assert moved == []


def test_every_example_is_labelled_for_just_its_rubric(
    shipped: list[LabelledExample],
) -> None:
    shelf = open_shelf(Settings())
    for example in shipped:
        rubric = shelf.rubric(example.question_id)

        assert covers(labelled_judgement(rubric, example), rubric)
        assert set(example.disputed) <= {*(p.id for p in rubric.parts), "grade"}


def test_evidence_names_sentences_that_there_are(
    shipped: list[LabelledExample],
) -> None:
    for example in shipped:
        last = len(read_answer(example.answer).sentences)
        named = [n for numbers in example.evidence.values() for n in numbers]

        assert all(1 <= number <= last for number in named), example.id
        assert set(example.evidence) <= {*example.verdicts, *example.red_flags}


def test_no_two_answers_are_the_same(shipped: list[LabelledExample]) -> None:
    texts = Counter(" ".join(e.answer.lower().split()) for e in shipped)

    assert [text for text, n in texts.items() if n > 1] == []


def test_every_question_has_examples_in_every_split(
    shipped: list[LabelledExample],
) -> None:
    held = {(example.question_id, example.split) for example in shipped}

    assert held == {
        (question_id, split)
        for question_id in open_shelf(Settings()).paths
        for split in ("train", "calibration", "test")
    }
