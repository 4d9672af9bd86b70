"""What this repository ships is released, free of problems, and fitted."""

from pathlib import Path

import pytest

from grader.judges.encoder import Encoder
from grader.judges.heads import heads_path, load_heads, stamp
from grader.releases import LOCK, changed, read_lock, unlocked_old_versions
from grader.rubric_files import RubricShelf
from grader.rubric_lint import lint_folder

ROOT = Path(__file__).parent.parent
SHELF = RubricShelf(ROOT / "rubrics")


def test_something_is_released_and_none_of_it_has_changed() -> None:
    assert read_lock(ROOT / LOCK)
    assert changed(ROOT / LOCK) == ()


def test_only_the_newest_versions_are_not_released() -> None:
    folders = ROOT / "rubrics", ROOT / "prompts"

    assert unlocked_old_versions(ROOT / LOCK, *folders) == ()


def test_no_rubric_has_a_problem() -> None:
    assert lint_folder(SHELF.folder) == ()


@pytest.mark.parametrize("question_id", SHELF.paths)
def test_the_local_judge_need_not_learn_when_it_runs(question_id: str) -> None:
    rubric = SHELF.rubric(question_id)
    path = heads_path(SHELF.paths[question_id])

    heads = load_heads(path, stamp(rubric, Encoder()))

    assert rubric.has_examples
    assert heads is not None, f"run `grader fit {question_id}`"
    assert heads.ids == tuple(part.id for part in rubric.parts)
