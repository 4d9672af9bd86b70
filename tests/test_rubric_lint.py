"""Problems of rubric files, each found by its own rule."""

import json
from pathlib import Path
from typing import Any

import pytest

from grader.drafting import toml_string
from grader.errors import RubricError
from grader.rubric_files import load_rubric
from grader.rubric_lint import Problem, lint, lint_folder, rubric_paths

RUBRICS = Path(__file__).parent.parent / "rubrics"

QUESTION: dict[str, Any] = {
    "id": "deadlock",
    "version": 1,
    "topic": "databases",
    "level": "mid",
    "question": "What is a deadlock?",
    "strong_answer": "Two transactions each wait for what the other holds.",
}
CRITERIA: list[dict[str, Any]] = [
    {
        "id": "circular-wait",
        "requirement": "Says that transactions wait for each other in a circle.",
        "points": 4,
        "hint": "Who is holding up whom?",
    },
    {
        "id": "victim",
        "requirement": "Says that the database rolls back one of them.",
        "points": 3,
        "hint": "How does it end?",
    },
    {
        "id": "lock-order",
        "requirement": "Names taking locks in a fixed order as a way to avoid it.",
        "points": 3,
        "hint": "What could every writer of code agree on?",
    },
]
FLAGS: list[dict[str, Any]] = [
    {
        "id": "restart",
        "statement": "Recommends restarting the server.",
        "kind": "states",
        "cap": 0.45,
    }
]


def toml(value: object) -> str:
    return toml_string(value) if isinstance(value, str) else json.dumps(value)


def table(fields: dict[str, Any]) -> str:
    return "".join(f"{k} = {toml(v)}\n" for k, v in fields.items() if v is not None)


def written(
    folder: Path,
    criteria: list[dict[str, Any]] = CRITERIA,
    flags: list[dict[str, Any]] = FLAGS,
    **question: object,
) -> Path:
    path = folder / "databases" / "mid" / "deadlock" / "v1.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [table({**QUESTION, **question})]
    parts += [f"\n[[criteria]]\n{table(fields)}" for fields in criteria]
    parts += [f"\n[[red_flags]]\n{table(fields)}" for fields in flags]
    path.write_text("".join(parts), encoding="utf-8")
    return path


def changed(place: int, **fields: object) -> list[dict[str, Any]]:
    return [
        {**criterion, **fields} if number == place else criterion
        for number, criterion in enumerate(CRITERIA)
    ]


def codes(problems: tuple[Problem, ...]) -> list[tuple[str | None, str]]:
    return [(problem.part, problem.code) for problem in problems]


def test_a_good_rubric_has_no_problem(tmp_path: Path) -> None:
    assert lint(written(tmp_path)) == ()


def test_every_rubric_of_the_project_is_clean() -> None:
    assert lint_folder(RUBRICS) == ()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (
            {"requirement": "Says that one is chosen and that it starts again."},
            "compound",
        ),
        ({"requirement": "Says it is rolled; back."}, "compound"),
        ({"requirement": "the database rolls one back"}, "not-a-sentence"),
        ({"requirement": "Says why."}, "not-a-sentence"),
        ({"requirement": "Says what a deadlock is."}, "repeats-question"),
        ({"hint": ""}, "no-hint"),
        ({"hint": "  "}, "no-hint"),
        ({"hint": None}, "no-hint"),
        ({"hint": "Would the database roll back one?"}, "telling-hint"),
        ({"points": 0}, "points"),
        ({"points": 2.5}, "points"),
        ({"points": True}, "points"),
        ({"points": "3"}, "points"),
        ({"points": None}, "points"),
        ({"id": "circular-wait"}, "duplicate-id"),
    ],
)
def test_a_fault_in_a_criterion_is_found(
    tmp_path: Path, fields: dict[str, Any], code: str
) -> None:
    path = written(tmp_path, changed(1, **fields))

    assert codes(lint(path)) == [(str(fields.get("id", "victim")), code)]


def test_points_add_up_to_ten(tmp_path: Path) -> None:
    problems = lint(written(tmp_path, changed(0, points=5)))

    assert codes(problems) == [(None, "points-total")]
    assert "add up to 11" in problems[0].message


@pytest.mark.parametrize(
    ("requirement", "overlaps"),
    [
        ("Explains how a circle of transactions waits for the lock.", True),
        ("Says that in a circle the transactions wait.", True),
        ("Says that the database notices the circle by itself.", False),
    ],
)
def test_criteria_that_say_the_same_are_found(
    tmp_path: Path, requirement: str, overlaps: bool
) -> None:
    path = written(tmp_path, changed(2, requirement=requirement))

    assert codes(lint(path)) == ([("lock-order", "overlap")] if overlaps else [])


def test_red_flags_that_say_the_same_are_found(tmp_path: Path) -> None:
    again = {**FLAGS[0], "id": "again", "statement": "Recommends a server restart."}

    path = written(tmp_path, flags=[*FLAGS, again])

    assert codes(lint(path)) == [("again", "overlap")]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": None}, "kind"),
        ({"kind": "says"}, "kind"),
        ({"kind": ["states"]}, "kind"),
        ({"cap": None}, "cap"),
        ({"cap": 1.5}, "cap"),
        ({"cap": -0.1}, "cap"),
        ({"cap": True}, "cap"),
        ({"cap": "0.4"}, "cap"),
    ],
)
def test_a_fault_in_a_red_flag_is_found(
    tmp_path: Path, fields: dict[str, Any], code: str
) -> None:
    path = written(tmp_path, flags=[{**FLAGS[0], **fields}])

    assert codes(lint(path)) == [("restart", code)]


@pytest.mark.parametrize("number", [2, 7])
def test_there_are_three_to_six_criteria(tmp_path: Path, number: int) -> None:
    more = [
        {**CRITERIA[1], "id": f"c{n}", "requirement": f"Says that word{n} is meant."}
        for n in range(number)
    ]
    points = [10 - number + 1, *[1] * (number - 1)]
    criteria = [{**c, "points": p} for c, p in zip(more, points, strict=True)]

    assert codes(lint(written(tmp_path, criteria))) == [(None, "criteria-count")]


def test_there_is_a_red_flag(tmp_path: Path) -> None:
    assert codes(lint(written(tmp_path, flags=[]))) == [(None, "no-red-flag")]


@pytest.mark.parametrize(
    "fields", [{"id": "dead-lock"}, {"version": 2}, {"version": "1"}, {"version": None}]
)
def test_a_file_in_the_wrong_place_is_found(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    assert codes(lint(written(tmp_path, **fields))) == [(None, "misplaced")]


@pytest.mark.parametrize(
    "fields",
    [{"level": "expert"}, {"quesion": "Typo"}, {"strong_answer": ""}, {"topic": "A b"}],
)
def test_what_cannot_be_loaded_is_a_problem(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    (problem,) = lint(written(tmp_path, **fields))

    assert (problem.part, problem.code) == (None, "refused")
    assert next(iter(fields)) in problem.message
    assert str(tmp_path) not in problem.message


def test_one_file_reports_all_its_problems(tmp_path: Path) -> None:
    criteria = [{**CRITERIA[0], "points": "4", "hint": ""}, {"id": "No Id"}]

    problems = lint(written(tmp_path, criteria, flags=[], id="x"))

    assert codes(problems) == [
        (None, "misplaced"),
        (None, "criteria-count"),
        (None, "no-red-flag"),
        ("circular-wait", "points"),
        ("criterion 2", "points"),
        ("criterion 2", "not-a-sentence"),
        ("circular-wait", "no-hint"),
        ("criterion 2", "no-hint"),
    ]


@pytest.mark.parametrize(
    "text", ["id = ", "\x00", "criteria = 1", "criteria = [1]", "red_flags = {}"]
)
def test_a_file_that_does_not_parse_is_one_problem(tmp_path: Path, text: str) -> None:
    path = tmp_path / "v1.toml"
    path.write_text(text)

    assert codes(lint(path)) == [(None, "unreadable")]


def test_bytes_that_are_no_text_are_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "v1.toml"
    path.write_bytes(b'id = "\xff"')

    assert codes(lint(path)) == [(None, "unreadable")]


def with_examples(path: Path, lines: list[str]) -> Path:
    path.with_suffix(".examples.jsonl").write_text("\n".join(lines))
    return path


def example(part: str, met: bool) -> str:
    return json.dumps({"for": part, "met": met, "type": "plain", "text": "Text."})


PARTS = ("circular-wait", "victim", "lock-order", "restart")


def test_twenty_examples_of_a_kind_are_enough(tmp_path: Path) -> None:
    lines = [example(part, met) for part in PARTS for met in (True, False)] * 20

    path = with_examples(written(tmp_path), lines)

    assert lint(path) == ()
    assert load_rubric(path).has_examples


def test_fewer_examples_are_a_problem_of_each_part(tmp_path: Path) -> None:
    lines = [example(part, met) for part in PARTS for met in (True, False)] * 20
    lines.remove(example("victim", False))

    problems = lint(with_examples(written(tmp_path), lines))

    assert codes(problems) == [("victim", "few-examples")]
    assert "19 examples that do not" in problems[0].message


@pytest.mark.parametrize(
    "line", [example("nobody", True), "{", "[]", '{"for": "victim"}', '"text"']
)
def test_a_bad_line_of_examples_is_named(tmp_path: Path, line: str) -> None:
    lines = [example(part, met) for part in PARTS for met in (True, False)] * 20

    (problem,) = lint(with_examples(written(tmp_path), [*lines, "", line]))

    assert problem.code == "examples"
    assert "line 162" in problem.message


def test_a_folder_reports_a_question_that_is_there_twice(tmp_path: Path) -> None:
    written(tmp_path / "a")
    written(tmp_path / "b")

    problems = lint_folder(tmp_path)

    assert codes(problems) == [(None, "same-question")]
    assert problems[0].path.is_relative_to(tmp_path / "b")


def test_two_versions_of_a_question_are_fine(tmp_path: Path) -> None:
    path = written(tmp_path, version=2)
    path.rename(path.with_name("v2.toml"))
    written(tmp_path)

    assert lint_folder(tmp_path) == ()
    assert len(rubric_paths(tmp_path)) == 2


def test_a_folder_without_rubrics_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.toml").write_text("")

    with pytest.raises(RubricError, match="there is no rubric under"):
        lint_folder(tmp_path)


def test_every_message_says_what_to_do(tmp_path: Path) -> None:
    criteria = [{**CRITERIA[0], "points": "4", "hint": ""}, {"id": "No Id"}]

    problems = lint(written(tmp_path, criteria, flags=[], id="x"))

    assert all(". " in problem.message for problem in problems)
