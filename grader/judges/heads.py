"""Heads: one logistic regression for each criterion and red flag, on its examples."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from grader.errors import ModelFileError
from grader.judges.encoder import Encoder, Passages, Vectors, unit
from grader.judges.logistic import Floats, fit_logistic
from grader.rubric import Criterion, FlagKind, RedFlag, Rubric

C = 10.0
"""Inverse strength of the penalty on a head's weights."""
PLAIN = 3.0
"""How many examples the rubric's own words for a criterion count for."""
_SAYS = re.compile(
    r"^(?:Says|Explains|Names|Gives)(?:, [^,]*,| in general terms)?(?: that)? "
)
BACKGROUND = Path(__file__).parent / "background.npz"
"""Vectors of passages, and the question that each is about, if any."""
# What numpy, zipfile and zlib raise when bytes of an .npz file are cut off or flipped.
_DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


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


def fit_heads(rubric: Rubric, encoder: Encoder, others: Vectors | None = None) -> Heads:
    """Fit a head for each part on its own examples.

    The question said again and passages that answer something else count as not met.
    People say two things in one sentence, so the examples count once more, each run
    together with passages that meet other criteria. What the rubric itself says of a
    part meets it: examples are written to be hard, and the plain words get lost.
    `others` are vectors (n, 384) of passages that answer something else; without them
    the package's own are read.
    """
    asked = encoder.encode([rubric.question.text]).embeddings()
    if others is None:
        others = other_passages(rubric.question.id)
    others = np.vstack([asked, others])
    passages = {
        p.id: encoder.encode([e.text for e in p.examples]) for p in rubric.parts
    }
    fitted, centres = [], []
    for part in rubric.parts:
        met = np.array([e.met for e in part.examples])
        alone = passages[part.id].embeddings()
        joined = _joined(rubric, part, passages)
        claim = encoder.encode(_claims(part)).embeddings()
        rows = np.vstack([alone, others, claim, *joined])
        labels = [
            met,
            np.zeros(len(others)),
            np.ones(len(claim)),
            *(met for _ in joined),
        ]
        weights = np.ones(len(rows))
        weights[len(rows) - len(joined) * len(met) :] = 1 / max(len(joined), 1)
        weights[len(alone) + len(others) :][: len(claim)] = PLAIN
        fitted.append(fit_logistic(rows, np.concatenate(labels), weights, C))
        centres.append(alone[met].mean(axis=0))
    return Heads(
        ids=tuple(part.id for part in rubric.parts),
        weights=np.array([head.weights for head in fitted], dtype=np.float32),
        intercepts=np.array([head.intercept for head in fitted], dtype=np.float32),
        centres=unit(np.array(centres)),
    )


def _claims(part: Criterion | RedFlag) -> list[str]:
    """What a part asks for, as somebody would say it; nothing for a red flag.

    >>> from grader.rubric import Criterion
    >>> _claims(Criterion(id="a", requirement="Says that it fits noise.", points=1))
    ['it fits noise.']
    """
    if isinstance(part, RedFlag):
        return []
    return [_SAYS.sub("", part.requirement)]


def _joined(
    rubric: Rubric, part: Criterion | RedFlag, passages: Mapping[str, Passages]
) -> list[Vectors]:
    """A part's examples pooled with passages that meet another criterion.

    One array (n, 384) for each other criterion; none for an omission, whose examples
    are whole answers.
    """
    if isinstance(part, RedFlag) and part.kind is FlagKind.OMITS:
        return []
    own = passages[part.id]
    joined = []
    for other in rubric.criteria:
        met = [n for n, example in enumerate(other.examples) if example.met]
        if other.id == part.id or not met:
            continue
        with_ = [met[7 * n % len(met)] for n in range(len(part.examples))]
        sums = own.sums + passages[other.id].sums[with_]
        counts = own.counts + passages[other.id].counts[with_]
        joined.append(unit(sums / counts[:, None]))
    return joined


def heads_path(rubric_path: Path) -> Path:
    """Where the heads of the rubric at this path are kept."""
    return rubric_path.with_suffix(".heads.npz")


def stamp(rubric: Rubric, encoder: Encoder) -> str:
    """What heads were fitted from; they are of no use with anything else.

    Raises `ModelFileError` where the background is missing.
    """
    made_of = (rubric.digest, encoder.digest, C, PLAIN, _background_digest())
    return hashlib.sha256(" ".join(map(str, made_of)).encode()).hexdigest()


@lru_cache(maxsize=1)
def _background_digest() -> str:
    try:
        return hashlib.sha256(BACKGROUND.read_bytes()).hexdigest()
    except OSError as exc:
        raise _no_background() from exc


def _no_background() -> ModelFileError:
    return ModelFileError(
        f"the built-in model's file {BACKGROUND.name!r} is missing or damaged; "
        "install the package again"
    )


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
    """Read heads; None where there are none, or none that fit the stamp."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if str(file["stamp"]) != stamped:
                return None
            return Heads(
                ids=tuple(map(str, file["ids"])),
                weights=file["weights"].astype(np.float32),
                intercepts=file["intercepts"],
                centres=file["centres"].astype(np.float32),
            )
    except _DAMAGED:
        return None


@lru_cache(maxsize=64)
def other_passages(question_id: str) -> Vectors:
    """Unit vectors (n, 384) of passages that do not answer this question."""
    try:
        with (
            BACKGROUND.open("rb") as opened,
            np.load(opened, allow_pickle=False) as file,
        ):
            vectors = file["vectors"].astype(np.float32)
            return np.asarray(vectors[file["questions"] != question_id])
    except _DAMAGED as exc:
        raise _no_background() from exc


def save_background(passages: Sequence[tuple[str, str]], encoder: Encoder) -> None:
    """Write the background from pairs of question id and passage."""
    vectors = encoder.encode([text for _, text in passages]).embeddings()
    np.savez_compressed(
        BACKGROUND,
        vectors=vectors.astype(np.float16),
        questions=np.array([question for question, _ in passages]),
    )
