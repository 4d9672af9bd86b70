import hashlib
import json
from pathlib import Path

import pytest

from grader.errors import NotFound, RubricError
from grader.rubric import FlagKind, Level
from grader.rubric_files import RubricShelf, examples_path, load_rubric

GOOD = """
id = "tea"
version = 1
topic = "kitchen"
level = "junior"
question = "How do you make tea?"
strong_answer = "Boil water and pour it on the leaves."
source = "a cook"

[[criteria]]
id = "boil"
requirement = "Says that the water is boiled."
points = 7
hint = "How warm?"

[[criteria]]
id = "leaves"
requirement = "Says that it goes on the leaves."
points = 3

[[red_flags]]
id = "cold"
statement = "Uses cold water."
kind = "states"
cap = 0.4
"""
LINE = {"for": "boil", "met": True, "type": "plain", "text": "Boil it."}


def written(folder: Path, text: str = GOOD, name: str = "tea/v1.toml") -> Path:
    path = folder / "kitchen" / "junior" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_rubric_is_read_whole(tmp_path: Path) -> None:
    rubric = load_rubric(written(tmp_path))

    assert rubric.question.text == "How do you make tea?"
    assert rubric.question.level is Level.JUNIOR
    assert rubric.question.source == "a cook"
    assert [(c.id, c.points, c.hint) for c in rubric.criteria] == [
        ("boil", 7, "How warm?"),
        ("leaves", 3, ""),
    ]
    assert rubric.red_flags[0].kind is FlagKind.STATES
    assert not rubric.has_examples


def test_examples_stand_beside_the_rubric_and_in_its_digest(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = load_rubric(path).digest
    lines = [
        {**LINE, "for": p, "met": m} for p in ("boil", "leaves", "cold") for m in (1, 0)
    ]
    lines = [{**line, "met": bool(line["met"])} for line in lines]
    examples_path(path).write_text("\n".join(map(json.dumps, lines)) + "\n\n")

    rubric = load_rubric(path)

    assert rubric.has_examples
    assert rubric.criteria[0].examples[0].text == "Boil it."
    assert rubric.digest != before
    both = path.read_bytes() + examples_path(path).read_bytes()
    assert rubric.digest == hashlib.sha256(both).hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("points = 7", "point = 7", "'boil: points' is missing"),
        ("points = 7", "points = 7\nweight = 2", "'boil: weight' is not a field"),
        ("points = 7", "points = 0", "'boil: points'"),
        ('level = "junior"', 'level = "guru"', "'level'"),
        ('kind = "states"', 'kind = "says"', "'cold: kind'"),
        ("cap = 0.4", "cap = 4", "'cold: cap'"),
        ('id = "leaves"', 'id = "boil"', "more than once: boil"),
        ('question = "How do you make tea?"', "", "'question' is missing"),
        ('id = "tea"', 'id = "Tea time"', "'id'"),
        ('id = "tea"', 'id = "coffee"', "the folder is 'tea'"),
        ("version = 1", "version = 2", "version is 2"),
        ("version = 1", "version = ", "line 3"),
        ("[[criteria]]", "[criteria]", "kitchen"),
        ('[[red_flags]]\nid = "cold"', '[[red_flag]]\nid = "cold"', "'red_flag'"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))

    with pytest.raises(RubricError) as caught:
        load_rubric(path)

    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({**LINE, "for": "steep"}, "'steep'"),
        ({**LINE, "metal": True}, "line 1: 'metal' is not a field"),
        ({"met": True, "type": "plain", "text": "x"}, "line 1"),
        ({**LINE, "text": " "}, "line 1: 'text'"),
        ([1], "line 1"),
        ("{", "line 1"),
    ],
)
def test_a_bad_example_is_named_with_its_line(
    tmp_path: Path, line: object, says: str
) -> None:
    path = written(tmp_path)
    text = line if isinstance(line, str) else json.dumps(line)
    examples_path(path).write_text(text)

    with pytest.raises(RubricError) as caught:
        load_rubric(path)

    assert str(examples_path(path)) in str(caught.value)
    assert says in str(caught.value)


def test_the_shelf_gives_the_newest_version(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, GOOD.replace("version = 1", "version = 2"), "tea/v2.toml")
    written(tmp_path, GOOD.replace("version = 1", "version = 10"), "tea/v10.toml")
    written(tmp_path, "not a rubric", "tea/vague.toml")

    assert RubricShelf(tmp_path).rubric("tea").version == 10


def test_questions_come_by_topic_then_level(tmp_path: Path) -> None:
    for level in ("senior", "junior", "mid"):
        path = tmp_path / "kitchen" / level / f"tea-{level}" / "v1.toml"
        path.parent.mkdir(parents=True)
        text = GOOD.replace('"tea"', f'"tea-{level}"').replace("junior", level)
        path.write_text(text.replace(f"tea-{level}-{level}", f"tea-{level}"))

    shelf = RubricShelf(tmp_path)

    assert list(shelf.paths) == ["tea-junior", "tea-mid", "tea-senior"]
    assert [r.question.level.value for r in shelf.rubrics()] == [
        "junior",
        "mid",
        "senior",
    ]


def test_an_unknown_question_says_how_to_list_them(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="grader questions"):
        RubricShelf(tmp_path).rubric("tea")


def test_one_question_in_two_folders_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    other = tmp_path / "bar" / "junior" / "tea" / "v1.toml"
    other.parent.mkdir(parents=True)
    other.write_text(GOOD)

    with pytest.raises(RubricError, match="two folders hold question 'tea'"):
        RubricShelf(tmp_path).rubric("tea")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="no folder of rubrics"):
        RubricShelf(tmp_path / "nowhere")
