"""What is wrong with a rubric file, all of it at once, by rules that need no model."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from grader.errors import RubricError
from grader.rubric import FlagKind, Frozen
from grader.rubric_files import examples_path, load_rubric, read_toml
from grader.wording import content_words, joins_two_claims

TOTAL = 10
"""What the points of a rubric add up to."""
FEWEST, MOST = 3, 6
"""How many criteria a rubric has."""
ENOUGH_EXAMPLES = 20
"""Examples of a kind that each part needs once it has any."""
SAME = 0.6
"""Two parts that share this much of their words (Jaccard) are taken to overlap."""
INSIDE = 0.85
"""So are two of which one has this much of the other's words."""
TELLING = 0.5
"""A hint with more than this much of its requirement's words gives it away."""


class Problem(Frozen):
    """One thing to mend: in which file and part (None: the file), and how."""

    path: Path
    part: str | None
    code: str
    message: str


@dataclass(frozen=True)
class _Part:
    """A criterion or a red flag as the file has it, right or wrong."""

    name: str
    fields: Mapping[str, Any]

    def text(self, field: str) -> str:
        value = self.fields.get(field, "")
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class _Draft:
    """A rubric file as it stands."""

    path: Path
    fields: Mapping[str, Any]
    criteria: tuple[_Part, ...]
    red_flags: tuple[_Part, ...]

    @property
    def question_words(self) -> frozenset[str]:
        question = self.fields.get("question")
        return content_words(question) if isinstance(question, str) else frozenset()


_Found = tuple[str | None, str, str]
"""Part, code and message."""


def rubric_paths(folder: Path) -> tuple[Path, ...]:
    """Every version of every rubric under a folder; a file is itself."""
    if folder.is_file():
        return (folder,)
    return tuple(p for p in sorted(folder.rglob("*.toml")) if _VERSION.match(p.name))


_VERSION = re.compile(r"v\d+\.toml\Z")


def lint_folder(folder: Path) -> tuple[Problem, ...]:
    """The problems of every rubric under a folder, file by file.

    Raises `RubricError` where there is no rubric at all.
    """
    paths = rubric_paths(folder)
    if not paths:
        raise RubricError(
            f"there is no rubric under {str(folder)!r}. A rubric is a file "
            "<topic>/<level>/<question-id>/v<N>.toml"
        )
    homes: dict[str, Path] = {}
    problems: list[Problem] = []
    for path in paths:
        problems.extend(lint(path))
        home = homes.setdefault(path.parent.name, path.parent)
        if home != path.parent:
            message = (
                f"question {path.parent.name!r} is in {str(home)!r} as well. "
                "Give one of the two another id and folder"
            )
            problems.append(
                Problem(path=path, part=None, code="same-question", message=message)
            )
    return tuple(problems)


def lint(path: Path) -> tuple[Problem, ...]:
    """Every problem of one rubric file; none where it may be released."""
    try:
        found = list(_problems(_read(path)))
    except RubricError as exc:
        found = [(None, "unreadable", _less_path(exc, path))]
    if not any(code in _REFUSED for _, code, _ in found):
        found.extend(_refusal(path))
    return tuple(
        Problem(path=path, part=part, code=code, message=message)
        for part, code, message in found
    )


_REFUSED = frozenset(
    "unreadable not-a-table points duplicate-id kind cap examples misplaced".split()
)
"""Problems that `load_rubric` refuses as well; it need not say so again."""


def _refusal(path: Path) -> Iterator[_Found]:
    try:
        load_rubric(path)
    except RubricError as exc:
        yield None, "refused", _less_path(exc, path)


def _less_path(exc: RubricError, path: Path) -> str:
    return str(exc).removeprefix(f"{path}: ")


def _problems(draft: _Draft) -> Iterator[_Found]:
    for rule in _RULES:
        yield from rule(draft)


def _read(path: Path) -> _Draft:
    fields = read_toml(path)
    return _Draft(
        path,
        fields,
        _parts(fields, "criteria", "criterion"),
        _parts(fields, "red_flags", "red flag"),
    )


def _parts(fields: Mapping[str, Any], key: str, noun: str) -> tuple[_Part, ...]:
    """The tables under `key`, by id, or by number where there is no usable id."""
    tables = fields.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise RubricError(
            f"{key!r} is not a list of tables. Write [[{key}]] above each"
        )
    return tuple(
        _Part(str(id) if _is_slug(id := table.get("id")) else f"{noun} {number}", table)
        for number, table in enumerate(tables, start=1)
    )


def _is_slug(id: object) -> bool:
    return isinstance(id, str) and re.fullmatch(r"[a-z0-9-]{1,80}", id) is not None


# --- the rules ----------------------------------------------------------------


def _placed(draft: _Draft) -> Iterator[_Found]:
    id, version = draft.fields.get("id"), draft.fields.get("version")
    folder = draft.path.parent.name
    if id != folder:
        message = f"id is {id!r}, but the folder is {folder!r}. Rename one of the two"
        yield None, "misplaced", message
    name = draft.path.name
    if type(version) is not int or name != f"v{version}.toml":
        message = f"version is {version!r}, but the file is {name!r}. Make them agree"
        yield None, "misplaced", message


def _counted(draft: _Draft) -> Iterator[_Found]:
    number = len(draft.criteria)
    if not FEWEST <= number <= MOST:
        fix = "Add what is missing" if number < FEWEST else "Take out the least"
        message = f"criteria: {number}; a rubric has {FEWEST} to {MOST}. {fix}"
        yield None, "criteria-count", message
    if not draft.red_flags:
        message = "there is no red flag. Add what a strong answer never does"
        yield None, "no-red-flag", message


def _pointed(draft: _Draft) -> Iterator[_Found]:
    points = []
    for criterion in draft.criteria:
        value = criterion.fields.get("points")
        if type(value) is int and value >= 1:
            points.append(value)
        else:
            message = f"points is {value!r}. Write a whole number of 1 or more"
            yield criterion.name, "points", message
    if points and len(points) == len(draft.criteria) and sum(points) != TOTAL:
        message = f"the points add up to {sum(points)}. Make them add up to {TOTAL}"
        yield None, "points-total", message


def _named_once(draft: _Draft) -> Iterator[_Found]:
    names = Counter(part.name for part in (*draft.criteria, *draft.red_flags))
    for name, times in names.items():
        if times > 1:
            yield (
                name,
                "duplicate-id",
                f"{times} parts have this id. Rename all but one",
            )


def _worded(draft: _Draft) -> Iterator[_Found]:
    for criterion in draft.criteria:
        requirement = criterion.text("requirement")
        if not _is_sentence(requirement):
            message = (
                "the requirement is no full sentence. Start it with a capital, as in "
                "'Says that ...', and end it with a full stop"
            )
            yield criterion.name, "not-a-sentence", message
        joint = joins_two_claims(requirement)
        if joint:
            message = (
                f"the requirement seems to join two claims at {joint!r}. "
                "Make it two criteria, or word it as one claim"
            )
            yield criterion.name, "compound", message
        words = content_words(requirement)
        if words and words <= draft.question_words:
            message = (
                "the requirement only repeats the question. "
                "Write down what an answer has to say about it"
            )
            yield criterion.name, "repeats-question", message


def _is_sentence(text: str) -> bool:
    text = text.strip()
    first = next((character for character in text if character.isalnum()), "")
    ends = text.rstrip("\"'”’)").endswith((".", "。"))
    return ends and not first.islower() and len(text.split()) >= 4


def _hinted(draft: _Draft) -> Iterator[_Found]:
    for criterion in draft.criteria:
        hint = criterion.text("hint")
        if not hint.strip():
            message = (
                "there is no hint. Write one question that makes a candidate think of "
                "the point without containing it"
            )
            yield criterion.name, "no-hint", message
        wanted = content_words(criterion.text("requirement")) - draft.question_words
        given = wanted & content_words(hint)
        if len(given) >= 2 and len(given) > TELLING * len(wanted):
            message = (
                f"the hint gives the point away: {', '.join(sorted(given))}. "
                "Ask for the point in other words"
            )
            yield criterion.name, "telling-hint", message


def _flagged(draft: _Draft) -> Iterator[_Found]:
    kinds = [kind.value for kind in FlagKind]
    for flag in draft.red_flags:
        kind: Any = flag.fields.get("kind")
        cap: Any = flag.fields.get("cap")
        if kind not in kinds:
            message = f"kind is {kind!r}. Write one of {', '.join(kinds)}"
            yield flag.name, "kind", message
        if type(cap) not in (int, float) or not 0 <= cap <= 1:
            message = f"cap is {cap!r}. Write a fraction from 0 to 1"
            yield flag.name, "cap", message


def _apart(draft: _Draft) -> Iterator[_Found]:
    pairs = [(draft.criteria, "requirement"), (draft.red_flags, "statement")]
    for parts, field in pairs:
        words = [(part, content_words(part.text(field))) for part in parts]
        for (first, one), (second, other) in combinations(words, 2):
            if _overlap(one, other):
                message = (
                    f"says much the same as {first.name!r}. Merge the two, or word "
                    "them so that no one sentence meets both"
                )
                yield second.name, "overlap", message


def _overlap(one: frozenset[str], other: frozenset[str]) -> bool:
    shared, smaller = len(one & other), min(len(one), len(other))
    inside = smaller >= 4 and shared >= INSIDE * smaller
    return inside or (shared > 0 and shared >= SAME * len(one | other))


def _exemplified(draft: _Draft) -> Iterator[_Found]:
    path = examples_path(draft.path)
    if not path.exists():
        return
    parts = {part.name for part in (*draft.criteria, *draft.red_flags)}
    seen: Counter[tuple[str, bool]] = Counter()
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            part, met = fields["for"], fields["met"]
            seen[str(part), bool(met)] += 1
        except (ValueError, KeyError, TypeError) as exc:
            message = (
                f"{path.name}, line {number}: {type(exc).__name__}: {exc}. Write "
                '{"for": ID, "met": true or false, "type": ..., "text": ...}'
            )
            yield None, "examples", message
            continue
        if part not in parts:
            message = (
                f"{path.name}, line {number} is an example for {part!r}, which this "
                "rubric does not have. Mend the id or take the line out"
            )
            yield None, "examples", message
    for name in sorted(parts):
        yield from _enough(name, seen)


def _enough(name: str, seen: Mapping[tuple[str, bool], int]) -> Iterator[_Found]:
    for met, kind in ((True, "that meet it"), (False, "that do not")):
        number = seen.get((name, met), 0)
        if number < ENOUGH_EXAMPLES:
            message = f"{number} examples {kind}. Write at least {ENOUGH_EXAMPLES}"
            yield name, "few-examples", message


_RULES: Sequence[Callable[[_Draft], Iterator[_Found]]] = (
    _placed,
    _counted,
    _pointed,
    _named_once,
    _worded,
    _hinted,
    _flagged,
    _apart,
    _exemplified,
)
