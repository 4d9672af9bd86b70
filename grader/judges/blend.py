"""Words and meaning in common: the local judge's figures where there are no examples.

Word overlap and embedding similarity are all there is to go by, and on answers
written to be hard they tell little. So what follows from them is a doubtful grade.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grader.judges.encoder import Vectors
from grader.wording import content_words

_WORD = re.compile(r"[a-z][a-z'’-]*|\d+(?:\.\d+)?%?", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not?|never|without|cannot|none|nothing|neither|nor|hardly)\b|n['’]t\b", re.I
)
_FUNCTION_WORDS = frozenset(
    """
    a an the of to in on at by for with from and or but so because that which who
    this these those it its they them he she we you i is are was were be been being
    do does did have has had will would can could should may might must not no than
    then as if when while into over only just also very more most there their our
    your my what how such say says name names give gives explain explains one any
    each other
    """.split()
)
NAMES = (
    "cosine",
    "recall",
    "precision",
    "jaccard",
    "pair_recall",
    "novel_recall",
    "trigrams",
    "negation_differs",
    "length",
    "question_cosine",
    "cosine_x_recall",
    "answer_cosine",
    "answer_recall",
    "function_words",
    "numbers_shared",
)
"""What each column of `figures` is."""


@dataclass(frozen=True)
class Claim:
    """A requirement or a statement, and the question, as text and unit vectors."""

    text: str
    vector: Vectors
    question: str
    question_vector: Vectors


def figures(
    claim: Claim, windows: Sequence[str], vectors: Vectors, whole: str
) -> tuple[dict[str, float], int]:
    """Figures for the best window of an answer, and which window that is.

    vectors   (n, 384) unit vectors of the n windows
    whole     the answer's safe text
    """
    wanted = content_words(claim.text)
    cosines = vectors @ claim.vector
    recalls = np.array([_share(wanted & content_words(w), wanted) for w in windows])
    best = int(np.argmax(cosines + 0.5 * recalls))
    found = content_words(windows[best])
    both = wanted & found
    novel = wanted - content_words(claim.question)
    answer = content_words(whole)
    cosine, recall = float(cosines[best]), float(recalls[best])
    values = (
        cosine,
        recall,
        _share(both, found),
        _share(both, wanted | found),
        _share(_pairs(claim.text) & _pairs(windows[best]), _pairs(claim.text)),
        _share(novel & found, novel),
        _dice(_trigrams(claim.text), _trigrams(windows[best])),
        float(_negated(claim.text) != _negated(windows[best])),
        np.log1p(len(_words(windows[best]))),
        float(vectors[best] @ claim.question_vector),
        cosine * recall,
        float(vectors.mean(axis=0) @ claim.vector),
        _share(wanted & answer, wanted),
        function_word_share(windows[best]),
        _share(_numbers(claim.text) & _numbers(windows[best]), _numbers(claim.text)),
    )
    return dict(zip(NAMES, map(float, values), strict=True)), best


def function_word_share(text: str) -> float:
    """The share of words that only hold a sentence together, 0..1.

    About 0.4 in running English, near 0 in a list of keywords.
    """
    words = _words(text)
    return sum(word in _FUNCTION_WORDS for word in words) / max(len(words), 1)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    content = [w for w in _words(text) if w not in _FUNCTION_WORDS]
    return frozenset(pairwise(content))


def _trigrams(text: str) -> frozenset[str]:
    joined = " ".join(_words(text))
    return frozenset(joined[i : i + 3] for i in range(len(joined) - 2))


def _numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in _words(text) if word[0].isdigit())


def _negated(text: str) -> bool:
    return len(_NEGATION.findall(text)) % 2 == 1


def _share(part: frozenset[object], of: frozenset[object]) -> float:
    return len(part) / len(of) if of else 0.0


def _dice(one: frozenset[str], two: frozenset[str]) -> float:
    return 2 * len(one & two) / max(len(one) + len(two), 1)
