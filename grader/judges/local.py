"""The built-in judge: sentence embeddings, no key, no network, milliseconds.

Where a rubric has examples, one head per criterion and red flag says which of the
answer's sentences (and pairs of neighbours) look like what meets it. Where it has
none, words and meaning in common have to do, and the judge says that it doubts.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import Lock

import numpy as np

from grader.answer import Answer
from grader.calibration import Calibration
from grader.errors import UnsupportedLanguage
from grader.judgement import Doubt, Finding, Judgement, Sighting, Verdict, cite
from grader.judges.blend import Claim, figures
from grader.judges.encoder import Encoder, Passages, unit
from grader.judges.heads import Heads, fit_heads
from grader.judges.language import is_english
from grader.judges.logistic import Floats
from grader.judges.windows import Windows, windows_of
from grader.rubric import Criterion, RedFlag, Rubric
from grader.wording import content_words

CALIBRATION = Path(__file__).parent / "local_calibration.json"
NO = -6.0
"""The log-odds of a window that says nothing new or is about something else."""
UNLIKE = 0.2
"""Below this cosine with what meets a criterion, a head can only guess.

Of 798 criteria that labellers call met (train and calibration splits) 1 in 100 lies
below 0.26, and 1 in 200 below 0.2.
"""
PAIR_MARGIN = 0.5
"""How much better, in log-odds, a pair must be to be cited instead of one sentence."""


@dataclass(frozen=True)
class Calibrations:
    """How each kind of raw figure becomes a probability; `digest` is the file's."""

    by_kind: Mapping[str, Calibration]
    digest: str

    @classmethod
    def read(cls, path: Path = CALIBRATION) -> "Calibrations":
        """Read the file that `python -m evals.calibrate` wrote."""
        content = path.read_bytes()
        kinds = json.loads(content)["calibrations"]
        return cls(
            by_kind={kind: Calibration(**fields) for kind, fields in kinds.items()},
            digest=sha256(content).hexdigest(),
        )


@dataclass(frozen=True)
class Reading:
    """Raw figures for one criterion or red flag, and the window they are about."""

    kind: str
    figures: Mapping[str, float]
    sentences: tuple[int, ...]


class LocalJudge:
    """Judges by the encoder and heads, or by the encoder and shared words.

    `stored_heads` gives the heads that were kept for a rubric, or None; then they
    are fitted from its examples at first use, which takes a few seconds. Without
    `calibrations`, those of the package are read at first use.
    """

    name = "local"
    prompt = None
    prompt_digest = None

    def __init__(
        self,
        encoder: Encoder,
        stored_heads: Callable[[Rubric], Heads | None],
        calibrations: Calibrations | None = None,
    ) -> None:
        self._encoder = encoder
        self._given = calibrations
        self._stored_heads = stored_heads
        self._heads: dict[str, Heads] = {}
        self._claims: dict[str, list[Claim]] = {}
        self._known_words: dict[str, frozenset[str]] = {}
        self._fitting = Lock()

    @cached_property
    def calibrations(self) -> Calibrations:
        """Those given, or the package's."""
        return self._given or Calibrations.read()

    @property
    def calibration_digest(self) -> str:
        """SHA-256 of the calibration file."""
        return self.calibrations.digest

    async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        """Judge in a thread, so that a server stays responsive.

        Raises `UnsupportedLanguage` for an answer that is not in English.
        """
        if not is_english(answer):
            raise UnsupportedLanguage(
                "the local judge reads English, and this answer seems to be in another "
                "language. Use GRADER_JUDGE=llm, or let a person read it"
            )
        return await asyncio.to_thread(self._judge, rubric, answer)

    def _judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        readings = self.read(rubric, answer)
        return Judgement(
            findings=tuple(
                self._finding(c, readings[c.id], answer) for c in rubric.criteria
            ),
            sightings=tuple(
                self._sighting(f, readings[f.id], answer) for f in rubric.red_flags
            ),
            doubts=() if rubric.has_examples else (Doubt.LOW_CONFIDENCE,),
        )

    def read(self, rubric: Rubric, answer: Answer) -> dict[str, Reading]:
        """Raw figures for each part of the rubric, before calibration, by id."""
        sentences = [s.safe for s in answer.sentences]
        asked = content_words(rubric.question.text)
        if rubric.has_examples:
            passages = self._encoder.read(sentences)
            windows = windows_of(answer, passages, asked, self._words(rubric))
            return self._read_by_heads(rubric, windows, passages)
        # A requirement stands alone, and so do the sentences it is compared with.
        passages = self._encoder.encode(sentences)
        windows = windows_of(answer, passages, asked, frozenset())
        return self._read_by_blend(rubric, windows, answer)

    def _read_by_heads(
        self, rubric: Rubric, windows: Windows, passages: Passages
    ) -> dict[str, Reading]:
        """Each head's log-odds: of the best window, of any sentence, of the whole."""
        heads = self.heads(rubric)
        likeness = heads.likeness(windows.vectors)
        idle = windows.empty[:, None] | (likeness < UNLIKE)
        logits = np.where(idle, NO, heads.logits(windows.vectors))
        best = logits.argmax(axis=0)
        anywhere = np.logaddexp.reduce(logits[: windows.singles], axis=0)
        whole = unit(passages.sums.sum(axis=0, keepdims=True))
        whole_logits = heads.logits(whole)[0]
        criteria = logits.max(axis=0)[: len(rubric.criteria)].mean()
        kinds = _kinds(rubric)
        readings = {}
        for column, id in enumerate(heads.ids):
            at = best[column]
            raw = {
                "best": logits[at, column],
                "anywhere": anywhere[column],
                "likeness": likeness[at, column],
                "whole": whole_logits[column],
                "criteria": criteria,
            }
            cited = windows.sentences[_to_cite(logits[:, column], at, windows)]
            readings[id] = Reading(
                kind=kinds[id],
                figures={name: float(value) for name, value in raw.items()},
                sentences=() if kinds[id] == "omits" else cited,
            )
        return readings

    def _read_by_blend(
        self, rubric: Rubric, windows: Windows, answer: Answer
    ) -> dict[str, Reading]:
        kinds = _kinds(rubric)
        readings = {}
        cosines = []
        # An answer that only says the question again is all there is to look at.
        said = np.flatnonzero(
            ~windows.empty if not windows.empty.all() else windows.empty
        )
        texts = [windows.texts[place] for place in said]
        for claim, part in zip(self._claims_of(rubric), rubric.parts, strict=True):
            kind = f"{kinds[part.id]}_blend"
            raw, best = figures(claim, texts, windows.vectors[said], answer.safe)
            if isinstance(part, Criterion):
                cosines.append(raw["cosine"])
            raw["criteria"] = float(np.mean(cosines))
            cited = () if kind == "omits_blend" else windows.sentences[said[best]]
            readings[part.id] = Reading(kind, raw, cited)
        return readings

    def heads(self, rubric: Rubric) -> Heads:
        """The rubric's heads: kept, or fitted now."""
        with self._fitting:
            if _key(rubric) not in self._heads:
                self._heads[_key(rubric)] = self._stored_heads(rubric) or fit_heads(
                    rubric, self._encoder
                )
            return self._heads[_key(rubric)]

    def _words(self, rubric: Rubric) -> frozenset[str]:
        """The content words of what is known to meet a part.

        Numbers do not count. About a sentence with none of these words a head can
        only guess: "idk", keys mashed.
        Of 798 criteria that labellers call met (train and calibration splits), this
        rule costs 1.
        """
        if _key(rubric) not in self._known_words:
            kinds = _kinds(rubric)
            texts = [
                example.text
                for part in rubric.parts
                if kinds[part.id] != "omits"
                for example in part.examples
                if example.met
            ]
            words = frozenset().union(*map(content_words, texts))
            self._known_words[_key(rubric)] = frozenset(
                w for w in words if not w.isdigit()
            )
        return self._known_words[_key(rubric)]

    def _claims_of(self, rubric: Rubric) -> list[Claim]:
        if _key(rubric) not in self._claims:
            texts = [rubric.question.text]
            texts += [c.requirement for c in rubric.criteria]
            texts += [flag.statement for flag in rubric.red_flags]
            vectors = self._encoder.encode(texts).embeddings()
            self._claims[_key(rubric)] = [
                Claim(text, vector, texts[0], vectors[0])
                for text, vector in zip(texts[1:], vectors[1:], strict=True)
            ]
        return self._claims[_key(rubric)]

    def _finding(
        self, criterion: Criterion, reading: Reading, answer: Answer
    ) -> Finding:
        calibration = self.calibrations.by_kind[reading.kind]
        probability = calibration.probability(reading.figures)
        verdict = Verdict.UNMET
        if probability >= 0.5:
            verdict = Verdict.MET
        elif calibration.at_least_partial(reading.figures) >= 0.5:
            verdict = Verdict.PARTIAL
        seen = verdict is not Verdict.UNMET
        return Finding(
            criterion_id=criterion.id,
            verdict=verdict,
            probability=probability,
            evidence=cite(answer, list(reading.sentences)) if seen else (),
        )

    def _sighting(self, flag: RedFlag, reading: Reading, answer: Answer) -> Sighting:
        calibration = self.calibrations.by_kind[reading.kind]
        probability = calibration.probability(reading.figures)
        seen = probability >= 0.5
        return Sighting(
            red_flag_id=flag.id,
            seen=seen,
            probability=probability,
            evidence=cite(answer, list(reading.sentences)) if seen else (),
        )


def _key(rubric: Rubric) -> str:
    """The digest; a rubric that was built in memory has none, and is told by its words.

    Hashing a whole rubric takes a millisecond, which every answer would pay.
    """
    return rubric.digest or rubric.model_dump_json()


def _kinds(rubric: Rubric) -> dict[str, str]:
    kinds = {criterion.id: "criterion" for criterion in rubric.criteria}
    return kinds | {flag.id: flag.kind.value for flag in rubric.red_flags}


def _to_cite(logits: Floats, best: int, windows: Windows) -> int:
    """The best single sentence, unless a pair is better by far."""
    single = int(np.argmax(logits[: windows.singles]))
    return single if logits[best] - logits[single] < PAIR_MARGIN else best
