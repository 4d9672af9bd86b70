"""What the local judge looks at: an answer's sentences, and pairs of neighbours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.answer import Answer
from grader.judges.encoder import Passages, Vectors
from grader.wording import content_words


@dataclass(frozen=True)
class Windows:
    """Every sentence of an answer, then every pair of neighbours.

    vectors    (2n - 1, 384) unit vectors
    texts      the words in each window
    sentences  the numbers of the sentences in each window
    empty      (2n - 1,) whether a sentence in it says nothing that could be judged:
               only the question again, or no word of any known good passage
    """

    vectors: Vectors
    texts: tuple[str, ...]
    sentences: tuple[tuple[int, ...], ...]
    empty: NDArray[np.bool_]

    @property
    def singles(self) -> int:
        """How many of the windows, from the first, are one sentence."""
        return (len(self.texts) + 1) // 2


def windows_of(
    answer: Answer,
    passages: Passages,
    asked: frozenset[str],
    known: frozenset[str],
) -> Windows:
    """The windows of an answer, given the question's words and those of good passages.

    Where `known` is empty, only what says the question again is.
    """
    texts = [sentence.safe for sentence in answer.sentences]
    fresh = [content_words(text) - asked for text in texts]
    empty = np.array(
        [not words or bool(known and not words & known) for words in fresh]
    )
    n = len(texts)
    pairs = range(n - 1)
    return Windows(
        vectors=np.vstack([passages.embeddings(), passages.pairs()]),
        texts=(*texts, *(f"{texts[i]} {texts[i + 1]}" for i in pairs)),
        sentences=(*((i + 1,) for i in range(n)), *((i + 1, i + 2) for i in pairs)),
        empty=np.concatenate([empty, empty[:-1] | empty[1:]]),
    )
