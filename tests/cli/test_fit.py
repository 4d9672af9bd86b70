"""`grader fit`."""

import json
import shutil
from pathlib import Path

import pytest

from grader.judges.encoder import Encoder
from grader.judges.heads import heads_path, load_heads, stamp
from grader.settings import read_settings
from grader.wiring import open_shelf
from tests.cli.conftest import Run
from tests.cli.program import ROOT

OVERFITTING = Path("machine-learning", "junior", "overfitting")


@pytest.fixture
def rubrics(tmp_path: Path) -> Path:
    """`overfitting` with few examples and no heads, and `drift` without examples."""
    folder = tmp_path / "rubrics"
    drift = Path("machine-learning", "senior", "drift")
    for kept in (OVERFITTING, drift):
        (folder / kept).mkdir(parents=True)
        shutil.copy(ROOT / "rubrics" / kept / "v1.toml", folder / kept)
    name = OVERFITTING / "v1.examples.jsonl"
    few: dict[tuple[str, bool], str] = {}
    for line in (ROOT / "rubrics" / name).read_text().splitlines():
        example = json.loads(line)
        few.setdefault((example["for"], example["met"]), line)
    (folder / name).write_text("\n".join(few.values()))
    return folder


@pytest.mark.parametrize("what", ["overfitting", "--all"])
def test_heads_are_kept_beside_the_rubric(
    grader: Run, rubrics: Path, what: str
) -> None:
    ended = grader("fit", what, "--rubrics", rubrics)

    shelf = open_shelf(read_settings(rubrics=rubrics))
    rubric = shelf.rubric("overfitting")
    kept = heads_path(shelf.paths["overfitting"])
    heads = load_heads(kept, stamp(rubric, Encoder()))
    assert (ended.code, ended.err) == (0, "")
    parts = len(rubric.parts)
    assert ended.out == f"{kept}: {parts} heads from {2 * parts} examples\n"
    assert heads is not None
    assert list(rubrics.rglob("*.npz")) == [kept]


def test_a_rubric_without_examples_is_refused_with_the_next_step(
    grader: Run, rubrics: Path
) -> None:
    ended = grader("fit", "drift", "--rubrics", rubrics)

    assert (ended.code, ended.out) == (1, "")
    assert "'drift' has no examples of both kinds" in ended.err
    assert ".examples.jsonl" in ended.err


def test_an_unknown_question_is_named(grader: Run, rubrics: Path) -> None:
    ended = grader("fit", "coffee", "--rubrics", rubrics)

    assert (ended.code, ended.out) == (1, "")
    assert "there is no question 'coffee'" in ended.err


@pytest.mark.parametrize("arguments", [[], ["drift", "--all"]], ids=["none", "both"])
def test_one_question_or_all_must_be_named(grader: Run, arguments: list[str]) -> None:
    ended = grader("fit", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "name one question, or use --all" in ended.err
