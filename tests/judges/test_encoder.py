import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import ModelFileError
from grader.judges.encoder import (
    BATCH_TOKENS,
    FOLDER,
    LONGEST,
    ROOM,
    SHA256,
    WIDTH,
    Encoder,
    Vectors,
    _batches,
    _stretches,
    unit,
)

FILES = sorted(SHA256)
TEXTS = [
    "The model memorises its training data.",
    "It fails.",
    "Compare the score on the training rows with the score on rows it has never seen, "
    "and worry when the first is far better than the second.",
    "Café crème brûlée, 10%!",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The model's files, to be spoilt."""
    for name in FILES:
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_one_altered_byte_is_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)

    with pytest.raises(ModelFileError) as raised:
        Encoder(folder=folder).encode(["Tea."])

    assert repr(name) in str(raised.value)
    assert "install the package again" in str(raised.value)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_next_step(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ModelFileError) as raised:
        Encoder(folder=folder).encode(["Tea."])

    assert f"{name!r} is missing" in str(raised.value)
    assert "install the package again" in str(raised.value)


def test_nothing_is_read_before_the_first_use(tmp_path: Path) -> None:
    assert len(Encoder(folder=tmp_path / "nowhere").digest) == 64


def test_vectors_have_length_one(encoder: Encoder) -> None:
    passages = encoder.encode(TEXTS)

    for vectors, n in ((passages.embeddings(), 4), (passages.pairs(), 3)):
        assert vectors.shape == (n, WIDTH)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(n), abs=1e-5)


def test_a_paraphrase_is_near_and_something_else_is_far(encoder: Encoder) -> None:
    said, paraphrase, other = encoder.encode(
        [
            "The model memorises the training examples.",
            "The model learns its training examples by heart.",
            "Bananas grow in warm countries.",
        ]
    ).embeddings()

    assert said @ paraphrase > 0.55
    assert said @ other < said @ paraphrase - 0.2


def test_only_the_first_tokens_of_a_long_passage_are_read(encoder: Encoder) -> None:
    words = ["tea"] * LONGEST
    full = encoder.encode([" ".join(words)])
    longer = encoder.encode([" ".join([*words, *["computer"] * 300])])

    assert full.counts.tolist() == longer.counts.tolist() == [LONGEST]
    assert full.embeddings() == pytest.approx(longer.embeddings(), abs=1e-5)


def test_a_batch_changes_a_vector_by_no_more_than_noise(encoder: Encoder) -> None:
    texts = [f"{text} Case {n}." for n in range(30) for text in TEXTS]

    together = encoder.encode(texts).embeddings()
    alone = np.vstack([encoder.encode([text]).embeddings() for text in texts])

    assert (together * alone).sum(axis=1).min() > 0.93


def test_passages_come_back_in_the_order_they_were_given(encoder: Encoder) -> None:
    there = encoder.encode(TEXTS).embeddings()
    back = encoder.encode(TEXTS[::-1]).embeddings()[::-1]

    assert (there @ back.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_same_call_gives_the_same_vectors(encoder: Encoder) -> None:
    first, again = encoder.encode(TEXTS), encoder.encode(TEXTS)

    assert np.array_equal(first.sums, again.sums)


def test_one_passage_has_no_pairs_and_none_has_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode(["Tea."]).pairs().shape == (0, WIDTH)
    assert encoder.encode([]).embeddings().shape == (0, WIDTH)
    assert encoder.encode([]).pairs().shape == (0, WIDTH)


def test_a_pair_is_pooled_from_the_tokens_of_both(encoder: Encoder) -> None:
    passages = encoder.encode(TEXTS[:2])

    pooled = passages.sums.sum(axis=0) / passages.counts.sum()

    assert passages.pairs()[0] == pytest.approx(unit(pooled), abs=1e-5)


def test_a_sentence_is_read_in_the_light_of_its_neighbours(encoder: Encoder) -> None:
    def first(*sentences: str) -> Vectors:
        return np.asarray(encoder.read(sentences).embeddings()[0])

    said = "It is high on the training data and low on new data."
    alone = first(said)

    assert first(said) @ encoder.encode([said]).embeddings()[0] > 0.999
    assert first(said, "The opposite is true: it is low there.") @ alone < 0.99


def test_reading_keeps_the_order_and_counts_every_token(encoder: Encoder) -> None:
    sentences = [f"{text} Case {n}." for n in range(12) for text in TEXTS]

    together, alone = encoder.read(sentences), encoder.encode(sentences)

    assert together.counts.tolist() == alone.counts.tolist()
    likest = (together.embeddings() @ alone.embeddings().T).argmax(axis=1)
    assert np.mean(likest % 4 == np.arange(len(sentences)) % 4) > 0.9
    assert encoder.read([]).embeddings().shape == (0, WIDTH)


@given(st.lists(st.integers(1, LONGEST), max_size=200))
def test_stretches_hold_every_passage_once_and_are_even(lengths: list[int]) -> None:
    passages = [[n] * length for n, length in enumerate(lengths)]

    stretches = _stretches(passages)

    assert [passage for stretch in stretches for passage in stretch] == passages
    sizes = [sum(map(len, stretch)) for stretch in stretches]
    assert max(sizes, default=0) <= ROOM
    assert all(size >= ROOM - 2 * LONGEST for size in sizes)
    if sum(lengths) <= ROOM:
        assert len(stretches) <= 1


def test_a_vector_of_zeros_stays_zero() -> None:
    assert unit(np.zeros((1, 3), dtype=np.float32)).tolist() == [[0, 0, 0]]


@given(st.lists(st.integers(3, LONGEST), max_size=200))
def test_batches_hold_every_row_once_and_bound_the_memory(lengths: list[int]) -> None:
    rows = [[0] * length for length in lengths]

    batches = _batches(rows)

    assert sorted(row for batch in batches for row in batch) == list(range(len(rows)))
    for batch in batches:
        assert len(batch) * len(rows[batch[-1]]) <= BATCH_TOKENS
        assert len(rows[batch[-1]]) == max(len(rows[row]) for row in batch)
