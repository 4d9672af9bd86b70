"""The built-in sentence encoder: all-MiniLM-L6-v2, quantised, run by ONNX Runtime.

`minilm/MODEL_CARD.md` says where the files come from and how they were made.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grader.errors import ModelFileError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FOLDER = Path(__file__).parent / "minilm"
MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
SHA256 = {
    MODEL: "dfd9a1966fa53c8d2b07274d884dd77e96880aac22228c7ebc5f20dbad6517fc",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
WIDTH = 384
LONGEST = 128
"""Tokens of a passage that are read; the rest is not."""
ROOM = 254
"""Tokens of an answer that are read in the light of each other, markers not counted."""
MARKERS = (101, 102)
"""The ids of the tokens that open and close a text."""
UNKNOWN = 100
"""The id of the token for what the vocabulary cannot spell."""
BATCH_TOKENS = 512
"""Padded tokens in one run of the model; with 2048 it takes three times the memory."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Passages:
    """Passages as sums of token vectors, so that neighbours can be pooled together.

    sums    (n, 384)
    counts  (n,) tokens in each sum
    """

    sums: Vectors
    counts: Vectors

    def embeddings(self) -> Vectors:
        """Unit vectors (n, 384)."""
        return unit(self.sums / self.counts[:, None])

    def pairs(self) -> Vectors:
        """Unit vectors (n - 1, 384) of each passage pooled with the next one."""
        sums = self.sums[:-1] + self.sums[1:]
        return unit(sums / (self.counts[:-1] + self.counts[1:])[:, None])


class Encoder:
    """Turns passages into vectors. Its files are read and checked at first use.

    `threads` is how many cores one run of the model may use.
    """

    def __init__(self, threads: int = 1, folder: Path = FOLDER) -> None:
        self._threads = threads
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Passages:
        """Encode passages, each on its own.

        Raises `ModelFileError` where a file of the model is missing or altered.
        """
        return self._run([[tokens] for tokens in self._tokens(texts)])

    def read(self, sentences: Sequence[str]) -> Passages:
        """Encode the sentences of one answer in the light of each other.

        What "it" is, and whether the next sentence takes back what this one says,
        stands in the sentences around. A long answer is read in stretches of about
        equal length. Raises `ModelFileError` as `encode` does.
        """
        return self._run(_stretches(self._tokens(sentences)))

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.ids or [UNKNOWN] for encoding in encodings]

    def _run(self, stretches: Sequence[Sequence[Sequence[int]]]) -> Passages:
        """Token vectors of each stretch, summed over each of its passages."""
        opened, closed = MARKERS
        rows = [
            [opened, *(token for passage in stretch for token in passage), closed]
            for stretch in stretches
        ]
        counts = [[len(passage) for passage in stretch] for stretch in stretches]
        sums: list[Vectors] = [np.zeros((0, WIDTH), np.float32)] * len(rows)
        for batch in _batches(rows):
            ids = np.zeros((len(batch), len(rows[batch[-1]])), dtype=np.int64)
            mask = np.zeros_like(ids)
            for place, row in enumerate(batch):
                ids[place, : len(rows[row])] = rows[row]
                mask[place, : len(rows[row])] = 1
            vectors = self._session.run(None, {"ids": ids, "mask": mask})[0]
            for place, row in enumerate(batch):
                starts = np.cumsum([0, *counts[row][:-1]])
                read = vectors[place, 1 : len(rows[row]) - 1]
                sums[row] = np.add.reduceat(read, starts, axis=0)
        return Passages(
            sums=np.vstack([np.zeros((0, WIDTH), np.float32), *sums]),
            counts=np.array([n for each in counts for n in each], dtype=np.float32),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the hashes of the model's files, in hex."""
        return hashlib.sha256("".join(SHA256.values()).encode()).hexdigest()

    @cached_property
    def _session(self) -> "InferenceSession":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Idle threads must not spin: a batch runs one session per core.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            self._read(MODEL), options, providers=["CPUExecutionProvider"]
        )

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_buffer(self._read(TOKENIZER))
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST)
        return tokenizer

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise ModelFileError(
                f"the built-in model's file {name!r} is missing from {self._folder}; "
                "install the package again"
            ) from exc
        found = hashlib.sha256(content).hexdigest()
        if found != SHA256[name]:
            raise ModelFileError(
                f"the built-in model's file {name!r} has SHA-256 {found[:16]}..., "
                f"not {SHA256[name][:16]}...; install the package again"
            )
        return content


def unit(vectors: Vectors) -> Vectors:
    """Scale each row to length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _stretches(passages: Sequence[Sequence[int]]) -> list[list[Sequence[int]]]:
    """Neighbours together, as even as can be, at most `ROOM` tokens each."""
    total = sum(map(len, passages))
    goal = total / max(1, math.ceil(total / ROOM))
    stretches: list[list[Sequence[int]]] = []
    held = 0
    for passage in passages:
        if not stretches or held + len(passage) > ROOM or held >= goal:
            stretches.append([])
            held = 0
        stretches[-1].append(passage)
        held += len(passage)
    return stretches


def _batches(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Row numbers, shortest first, in batches of at most `BATCH_TOKENS` padded."""
    batches: list[list[int]] = []
    for row in sorted(range(len(rows)), key=lambda row: (len(rows[row]), row)):
        width = len(rows[row])
        if not batches or (len(batches[-1]) + 1) * width > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    return batches
