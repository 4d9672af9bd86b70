import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from evals import make_background
from grader.errors import ModelFileError
from grader.judges import heads as heads_module
from grader.judges.encoder import Encoder
from grader.judges.heads import (
    BACKGROUND,
    Heads,
    fit_heads,
    heads_path,
    load_heads,
    other_passages,
    save_heads,
    stamp,
)
from grader.rubric import Rubric
from grader.settings import Settings
from grader.wiring import open_shelf

STAMP = "f" * 64


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Heads]:
    """A file of heads, and what was written into it."""
    path = tmp_path / "v1.heads.npz"
    random = np.random.default_rng(0)
    made = Heads(
        ids=("one", "two"),
        weights=random.normal(size=(2, 384)),
        intercepts=np.array([-1.0, 2.0]),
        centres=random.normal(size=(2, 384)) / 20,
    )
    save_heads(made, path, STAMP)
    return path, made


@pytest.fixture
def background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the background is looked for, for one test: nothing is there."""
    path = tmp_path / "background.npz"
    monkeypatch.setattr(heads_module, "BACKGROUND", path)
    caches = (heads_module.other_passages, heads_module._background_digest)
    for cache in caches:
        monkeypatch.setattr(heads_module, cache.__name__, cache.__wrapped__)
    return path


fitted_once = lru_cache(fit_heads)  # Fitting takes longer than all other tests here.


def test_heads_tell_their_own_examples_apart(tea: Rubric, encoder: Encoder) -> None:
    fitted = fitted_once(tea, encoder)

    assert fitted.ids == tuple(part.id for part in tea.parts)
    for column, part in enumerate(tea.parts):
        vectors = encoder.encode([e.text for e in part.examples]).embeddings()
        met = np.array([e.met for e in part.examples])
        logits = fitted.logits(vectors)[:, column]
        likeness = fitted.likeness(vectors)[:, column]
        assert logits[met].min() > logits[~met].max() + 0.5, part.id
        assert likeness[met].min() > likeness[~met].mean(), part.id


def test_heads_reject_what_is_about_something_else(
    tea: Rubric, encoder: Encoder
) -> None:
    other = ["Deep learning needs many labelled pictures.", tea.question.text]

    logits = fitted_once(tea, encoder).logits(encoder.encode(other).embeddings())

    assert logits.max() < -1


def test_what_is_kept_is_what_was_fitted_but_for_rounding(
    kept: tuple[Path, Heads],
) -> None:
    path, made = kept

    read = load_heads(path, STAMP)

    assert read is not None
    assert read.ids == made.ids
    assert read.intercepts == pytest.approx(made.intercepts)
    assert read.weights == pytest.approx(made.weights, abs=2e-3)
    assert read.centres == pytest.approx(made.centres, abs=2e-3)


def test_heads_with_another_stamp_are_not_used(kept: tuple[Path, Heads]) -> None:
    assert load_heads(kept[0], "0" * 64) is None


def test_heads_that_nobody_kept_are_none(tmp_path: Path) -> None:
    assert load_heads(tmp_path / "v1.heads.npz", STAMP) is None


@pytest.mark.parametrize("length", [0, 1, 4, 100, 1000, -100, -1])
def test_a_file_of_heads_that_was_cut_off_is_ignored(
    kept: tuple[Path, Heads], length: int
) -> None:
    path, _ = kept
    path.write_bytes(path.read_bytes()[:length])

    assert load_heads(path, STAMP) is None


def test_no_altered_byte_of_a_file_of_heads_is_fatal_or_believed(
    kept: tuple[Path, Heads],
) -> None:
    path, made = kept
    content = path.read_bytes()
    places = [*range(0, 120, 2), *range(200, len(content), 149), *range(-400, 0, 3)]
    ignored = 0
    for place in places:
        spoilt = bytearray(content)
        spoilt[place] ^= 0x21
        path.write_bytes(spoilt)
        read = load_heads(path, STAMP)
        ignored += read is None
        if read is not None:  # The byte was one that no reader looks at.
            assert read.weights == pytest.approx(made.weights, abs=2e-3)
    assert ignored > len(places) / 2


def test_a_file_of_something_else_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "v1.heads.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert load_heads(path, STAMP) is None

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert load_heads(path, STAMP) is None


def test_a_stamp_changes_with_rubric_and_encoder(
    rubric: Rubric, encoder: Encoder
) -> None:
    other = Encoder()
    other.__dict__["digest"] = "1" * 64

    stamps = {
        stamp(rubric, encoder),
        stamp(rubric.model_copy(update={"digest": "1" * 64}), encoder),
        stamp(rubric, other),
    }

    assert len(stamps) == 3
    assert stamp(rubric, encoder) == stamp(rubric, Encoder())


def test_a_stamp_changes_with_the_background(
    rubric: Rubric, encoder: Encoder, background: Path
) -> None:
    background.write_bytes(b"one")
    before = stamp(rubric, encoder)
    background.write_bytes(b"two")

    assert stamp(rubric, encoder) != before


def test_a_missing_background_is_named_with_the_next_step(
    tea: Rubric, encoder: Encoder, background: Path
) -> None:
    with pytest.raises(ModelFileError, match=r"background\.npz.*install the package"):
        fit_heads(tea, encoder)
    with pytest.raises(ModelFileError, match=r"background\.npz.*install the package"):
        stamp(tea, encoder)


def test_a_damaged_background_is_named_with_the_next_step(
    tea: Rubric, encoder: Encoder, background: Path
) -> None:
    background.write_bytes(BACKGROUND.read_bytes()[:5000])

    with pytest.raises(ModelFileError, match=r"background\.npz.*install the package"):
        fit_heads(tea, encoder)


def test_a_question_is_not_told_that_its_own_examples_are_wrong() -> None:
    everything = other_passages("a question that nobody asked")
    others = other_passages("overfitting")

    assert 0 < len(others) < len(everything)
    assert np.linalg.norm(others, axis=1) == pytest.approx(
        np.ones(len(others)), abs=0.01
    )


def test_the_background_is_what_its_command_makes(background: Path) -> None:
    make_background.main()

    with np.load(BACKGROUND) as ours, np.load(background) as made:
        assert made["questions"].tolist() == ours["questions"].tolist()
        ours_now = ours["vectors"].astype(float)
        alike = (made["vectors"].astype(float) * ours_now).sum(axis=1)
    # Far above what two different passages have in common, and below the batch's noise.
    assert alike.min() > 0.9


def test_every_rubric_of_the_package_comes_with_heads_that_fit_it(
    encoder: Encoder,
) -> None:
    shelf = open_shelf(Settings())
    for rubric in shelf.rubrics():
        path = heads_path(shelf.paths[rubric.question.id])

        read = load_heads(path, stamp(rubric, encoder))

        assert read is not None, f"run `grader fit {rubric.question.id}`"
        assert read.ids == tuple(part.id for part in rubric.parts)


def test_logits_and_likeness_by_hand() -> None:
    heads = Heads(
        ids=("one", "two"),
        weights=np.array([[1.0, 2.0], [0.0, -1.0]]),
        intercepts=np.array([0.5, 0.0]),
        centres=np.array([[1.0, 0.0], [0.0, 1.0]]),
    )
    vectors = np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)

    assert heads.logits(vectors) == pytest.approx(np.array([[1.5, 0], [2.7, -0.8]]))
    assert heads.likeness(vectors) == pytest.approx(np.array([[1, 0], [0.6, 0.8]]))
