"""The scorecard as one HTML file that needs nothing else: no script, no request."""

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from grader.answer import read_answer
from grader.errors import InputError
from grader.grade import Band
from grader.judgement import Verdict
from grader.scorecard.card import Card, clip, look_first, read_card, reasons
from grader.scorecard.reading import RubricsAtHand, Scorecard
from grader.scorecard.results import CandidateResult
from grader.scoring import BANDS

MOST_FIRST = 10
"""Grades named under "Look at these first"."""
MOST_CHIPPED = 200
"""Runs of hidden characters that one text shows, so that none fills the page."""
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def write_page(
    path: Path,
    scorecard: Scorecard,
    results: Sequence[CandidateResult],
    rubrics: RubricsAtHand,
) -> None:
    """Write the page of some candidates, all at once or not at all.

    An earlier page is replaced. Raises `InputError` where `path` is the file of
    grades itself, or cannot be written.
    """
    if path.exists() and path.samefile(scorecard.path):
        raise InputError(
            f"{str(path)!r} is the file of grades; name another file with --html"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, page_parts(scorecard, results, rubrics))
    except OSError as exc:
        raise InputError(f"{str(path)!r} cannot be written: {exc.strerror}") from exc


def page_parts(
    scorecard: Scorecard,
    results: Sequence[CandidateResult],
    rubrics: RubricsAtHand,
) -> Iterator[str]:
    """The page in parts; each candidate's details are read when their turn comes."""
    css = _environment().get_template("scorecard.css").render()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    first = look_first(results)
    return (
        _environment()
        .get_template("scorecard.html")
        .generate(
            scorecard=scorecard,
            results=results,
            cards=_cards(scorecard, results, rubrics),
            anchors={r.candidate: f"c{n}" for n, r in enumerate(results, start=1)},
            texts={question.id: question.text for question in scorecard.asked},
            ranked=len(scorecard.results),
            tiers=max((r.tier or 0 for r in scorecard.results), default=0),
            tiered=[(t, list(of)) for t, of in groupby(results, key=lambda r: r.tier)],
            levels=list(dict.fromkeys(of.level for r in results for of in r.levels)),
            first=first[:MOST_FIRST],
            to_review=len(first),
            graded=sum(len(result.graded) for result in results),
            css=Markup(css),
            style_digest=digest,
        )
    )


def _cards(
    scorecard: Scorecard,
    results: Sequence[CandidateResult],
    rubrics: RubricsAtHand,
) -> Iterator[tuple[CandidateResult, Card]]:
    for result in results:
        yield result, read_card(scorecard, result, rubrics)


def _replace(path: Path, parts: Iterator[str]) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("grader.scorecard"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_show_hidden,
    )
    environment.filters |= {
        "clip": clip,
        "odds": odds,
        "plain": plain,
        "reasons": reasons,
        "zones": _zones,
    }
    environment.globals |= {"Verdict": Verdict, "bands": tuple(Band)}
    return environment


def _show_hidden(value: Any) -> Any:
    """What every `{{ }}` goes through: hidden characters become visible chips."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    text = _NOT_TEXT.sub("\ufffd", value)
    pieces = []
    at = 0
    for run in read_answer(text, len(text)).hidden[:MOST_CHIPPED]:
        pieces.append(escape(text[at : run.start]))
        more = f" ×{run.end - run.start}" if run.end - run.start > 1 else ""
        code = f"U+{ord(text[run.start]):04X}{more}"
        pieces.append(Markup('<span class="hidden">{}</span>').format(code))
        at = run.end
    return Markup().join([*pieces, escape(plain(text[at:]))])


def plain(text: str) -> str:
    """The text without characters that a reader does not see, for titles.

    >>> plain("A\\u202en\\x1ba")
    'Ana'
    """
    text = _NOT_TEXT.sub("\ufffd", text)
    pieces, at = [], 0
    for run in read_answer(text, len(text)).hidden:
        pieces.append(text[at : run.start])
        at = run.end
    return "".join([*pieces, text[at:]])


def odds(probability: float) -> str:
    """A probability as interviewers read it.

    >>> odds(0.93), odds(0.02), odds(0.98)
    ('about 9 in 10', 'under 1 in 10', 'over 9 in 10')
    """
    tenths = round(10 * probability)
    if tenths == 0:
        return "under 1 in 10"
    return "over 9 in 10" if tenths == 10 else f"about {tenths} in 10"


def _zones(width: float) -> list[tuple[Band, float, float]]:
    """Each band, where it begins on a scale of this width, and how wide it is."""
    cuts = [0.0, *(cut for cut, _ in BANDS), 100.0]
    return [
        (band, low * width / 100, (high - low) * width / 100)
        for band, low, high in zip(Band, cuts[:-1], cuts[1:], strict=True)
    ]
