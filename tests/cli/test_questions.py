"""`grader questions`."""

import json
from pathlib import Path

import pytest

from grader.rubric import Level
from tests.cli.conftest import Run

FIELDS = {"id", "text", "level", "topic", "rubric_version", "has_examples"}
RUBRIC = """
version = 1
topic = "kitchen"
strong_answer = "Boil it."
[[criteria]]
id = "boil"
requirement = "Says boil."
points = 1
"""


@pytest.fixture
def rubrics(tmp_path: Path) -> Path:
    """`mate` is for juniors, `tea` for seniors; its text holds escape sequences."""
    texts = {"mate": "How is mate made?", "tea": "\\u001b[31mTea\\u009b2J,\\u007f how?"}
    for (id, text), level in zip(texts.items(), ("junior", "senior"), strict=True):
        path = tmp_path / "kitchen" / level / id / "v1.toml"
        path.parent.mkdir(parents=True)
        head = f'id = "{id}"\nlevel = "{level}"\nquestion = "{text}"\n'
        path.write_text(head + RUBRIC)
    return tmp_path


def test_every_question_has_a_line(grader: Run) -> None:
    ended = grader("questions")

    lines = ended.out.splitlines()
    assert (ended.code, ended.err, len(lines)) == (0, "", 24)
    assert "junior overfitting What is overfitting and how do you spot it?" in [
        " ".join(line.split()) for line in lines
    ]
    assert len({line.index(line.split(maxsplit=2)[2]) for line in lines}) == 1


def test_json_keeps_to_the_contract(grader: Run) -> None:
    ended = grader("questions", "--json")

    rows = json.loads(ended.out)
    assert (ended.code, ended.err, len(rows)) == (0, "", 24)
    assert all(set(row) == FIELDS for row in rows)
    assert {
        "id": "overfitting",
        "text": "What is overfitting and how do you spot it?",
        "level": "junior",
        "topic": "machine-learning",
        "rubric_version": 1,
        "has_examples": True,
    } in rows


@pytest.mark.parametrize("level", Level)
def test_the_questions_of_one_level_can_be_listed(grader: Run, level: Level) -> None:
    ended = grader("questions", "--level", level.value, "--json")

    rows = json.loads(ended.out)
    assert len(rows) == 8
    assert {row["level"] for row in rows} == {level.value}


def test_another_folder_can_be_named(grader: Run, rubrics: Path) -> None:
    ended = grader("questions", "--rubrics", rubrics, "--level", "junior")

    assert ended.out == "junior  mate  How is mate made?\n"


def test_a_setting_names_the_folder(
    grader: Run, rubrics: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_RUBRICS", str(rubrics))

    rows = json.loads(grader("questions", "--json").out)

    assert [row["id"] for row in rows] == ["mate", "tea"]
    assert not any(row["has_examples"] for row in rows)


def test_a_question_cannot_command_the_terminal(grader: Run, rubrics: Path) -> None:
    shown = grader("questions", "--rubrics", rubrics, "--level", "senior")
    ended = grader("questions", "--rubrics", rubrics, "--json")

    assert shown.out == "senior  tea  [31mTea 2J, how?\n"
    assert all(" " <= c <= "~" or c == "\n" for c in ended.out)


def test_a_folder_without_questions_lists_none(grader: Run, tmp_path: Path) -> None:
    assert grader("questions", "--rubrics", tmp_path).out == ""
    assert grader("questions", "--rubrics", tmp_path, "--json").out == "[]\n"


def test_a_broken_rubric_is_named(grader: Run, rubrics: Path) -> None:
    path = rubrics / "kitchen" / "senior" / "tea" / "v1.toml"
    path.write_text("id =")

    ended = grader("questions", "--rubrics", rubrics)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("grader: ")
    assert str(path) in ended.err
