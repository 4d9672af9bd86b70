"""Heads: one logistic regression for each criterion and red flag, on its examples."""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from grader.errors import ModelFileError
from grader.judges.encoder import Encoder, Vectors, unit
from grader.judges.logistic import Floats, fit_logistic
from grader.rubric import Rubric

C = 10.0
"""Inverse strength of the penalty, as measured in `../shared/judging.md`."""
BACKGROUND = Path(__file__).parent / "background.npz"
"""Vectors of passages, and the question that each is about, if any."""


@dataclass(frozen=True)
class Heads:
    """Heads of one rubric, in order of `ids`.

    weights     (k, 384)
    intercepts  (k,)
    centres     (k, 384) unit vectors: the middle of the examples that meet each part
    """

    ids: tuple[str, ...]
    weights: Floats
    intercepts: Floats
    centres: Floats

    def logits(self, vectors: Vectors) -> Floats:
        """Log-odds (n, k) that each of n unit vectors meets each part."""
        return np.asarray(vectors @ self.weights.T + self.intercepts)

    def likeness(self, vectors: Vectors) -> Floats:
        """Cosine (n, k) of each of n unit vectors with each part's centre.

        Low for what is about something else, where a head can only guess.
        """
        return np.asarray(vectors @ self.centres.T)


def fit_heads(rubric: Rubric, encoder: Encoder) -> Heads:
    """Fit a head for each part on its own examples.

    The question said again and passages that answer something else count as not met.
    """
    asked = encoder.encode([rubric.question.text]).embeddings()
    others = np.vstack([asked, other_passages(rubric.question.id)])
    fitted, centres = [], []
    for part in rubric.parts:
        vectors = encoder.encode([e.text for e in part.examples]).embeddings()
        met = np.array([e.met for e in part.examples])
        rows = np.vstack([vectors, others])
        fitted.append(fit_logistic(rows, np.append(met, np.zeros(len(others))), c=C))
        centres.append(vectors[met].mean(axis=0))
    return Heads(
        ids=tuple(part.id for part in rubric.parts),
        weights=np.array([head.weights for head in fitted], dtype=np.float32),
        intercepts=np.array([head.intercept for head in fitted], dtype=np.float32),
        centres=unit(np.array(centres)),
    )


def heads_path(rubric_path: Path) -> Path:
    """Where the heads of the rubric at this path are kept."""
    return rubric_path.with_suffix(".heads.npz")


def stamp(rubric: Rubric, encoder: Encoder) -> str:
    """What heads were fitted from; they are of no use with anything else."""
    return hashlib.sha256(
        f"{rubric.digest} {encoder.digest} {C} {_background_digest()}".encode()
    ).hexdigest()


@lru_cache(maxsize=1)
def _background_digest() -> str:
    return hashlib.sha256(BACKGROUND.read_bytes()).hexdigest()


def save_heads(heads: Heads, path: Path, stamped: str) -> None:
    """Write heads to a file that `load_heads` reads."""
    np.savez_compressed(
        path,
        stamp=np.array(stamped),
        ids=np.array(heads.ids),
        weights=heads.weights.astype(np.float16),
        intercepts=heads.intercepts,
        centres=heads.centres.astype(np.float16),
    )


def load_heads(path: Path, stamped: str) -> Heads | None:
    """Read heads; None where there are none, or they were fitted from other files."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["stamp"]) != stamped:
                return None
            return Heads(
                ids=tuple(map(str, file["ids"])),
                weights=file["weights"].astype(np.float32),
                intercepts=file["intercepts"],
                centres=file["centres"].astype(np.float32),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


@lru_cache(maxsize=64)
def other_passages(question_id: str) -> Vectors:
    """Unit vectors (n, 384) of passages that do not answer this question."""
    try:
        with np.load(BACKGROUND, allow_pickle=False) as file:
            vectors = file["vectors"].astype(np.float32)
            return np.asarray(vectors[file["questions"] != question_id])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as exc:
        raise ModelFileError(
            f"the built-in model's file {BACKGROUND.name!r} is missing or damaged; "
            "install the package again"
        ) from exc


def save_background(passages: Sequence[tuple[str, str]], encoder: Encoder) -> None:
    """Write the background from pairs of question id and passage."""
    vectors = encoder.encode([text for _, text in passages]).embeddings()
    np.savez_compressed(
        BACKGROUND,
        vectors=vectors.astype(np.float16),
        questions=np.array([question for question, _ in passages]),
    )
