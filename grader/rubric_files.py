"""Rubric files, `rubrics/<topic>/<level>/<question-id>/v<N>.toml`, to values."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grader.errors import NotFound, RubricError
from grader.rubric import Example, Question, Rubric

_QUESTION = {"id": "id", "topic": "topic", "level": "level", "question": "text"}


class RubricShelf:
    """All rubrics under one folder; of each question, the newest version.

    A file is read when it is first asked for, and once: a change to it counts for
    the next program that starts.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise RubricError(f"there is no folder of rubrics at {str(folder)!r}")
        self.folder = folder
        self._read: dict[str, Rubric] = {}

    @cached_property
    def paths(self) -> Mapping[str, Path]:
        """Question id to the file of its newest version, in order of path."""
        newest: dict[str, Path] = {}
        for path in sorted(self.folder.rglob("v*.toml"), key=_version_of):
            if not re.fullmatch(r"v\d+", path.stem):
                continue
            known = newest.get(path.parent.name)
            if known and known.parent != path.parent:
                raise RubricError(
                    f"two folders hold question {path.parent.name!r}: "
                    f"{str(known.parent)!r} and {str(path.parent)!r}"
                )
            newest[path.parent.name] = path
        return dict(sorted(newest.items(), key=lambda item: _shelf_order(item[1])))

    def rubric(self, question_id: str) -> Rubric:
        """Raises `NotFound` for an unknown question, `RubricError` for a bad file."""
        if question_id not in self.paths:
            raise NotFound(
                f"there is no question {question_id!r}. `grader questions` lists them"
            )
        if question_id not in self._read:
            self._read[question_id] = load_rubric(self.paths[question_id])
        return self._read[question_id]

    def rubrics(self) -> Iterator[Rubric]:
        """Every rubric. Raises `RubricError` at the first bad file."""
        return (self.rubric(question_id) for question_id in self.paths)


def _version_of(path: Path) -> int:
    digits = path.stem[1:]
    return int(digits) if digits.isdigit() else 0


def _shelf_order(path: Path) -> tuple[str, int, str]:
    levels = ("junior", "mid", "senior")
    parts = path.parts
    level = parts[-3] if len(parts) >= 3 else ""
    rank = levels.index(level) if level in levels else len(levels)
    return (parts[-4] if len(parts) >= 4 else "", rank, path.parent.name)


def load_rubric(path: Path) -> Rubric:
    """Read one rubric and the examples beside it.

    Raises `RubricError` that names the file, and the line or field that is wrong.
    """
    raw = read_toml(path)
    examples = _read_examples(examples_path(path))
    question = {
        ours: raw.pop(theirs) for theirs, ours in _QUESTION.items() if theirs in raw
    }
    question["source"] = raw.pop("source", "")
    parts = [*raw.get("criteria", []), *raw.get("red_flags", [])]
    known = {part.get("id") for part in parts if isinstance(part, dict)}
    stray = sorted(set(examples) - {id for id in known if isinstance(id, str)})
    if stray:
        raise RubricError(
            f"{examples_path(path)}: examples for {stray[0]!r}, "
            f"which is no criterion or red flag of {path.name}"
        )
    for part in parts:
        if isinstance(part, dict):
            part["examples"] = examples.get(str(part.get("id")), [])
    try:
        rubric = Rubric(**raw, question=Question(**question), digest=digest_of(path))
    except ValidationError as exc:
        raise RubricError(f"{path}: {_first_problem(exc, raw)}") from exc
    except TypeError as exc:
        raise RubricError(f"{path}: {exc}") from exc
    _refuse_a_misplaced_file(path, rubric)
    return rubric


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file. Raises `RubricError` with file and line."""
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError as exc:
        raise RubricError(f"there is no file {str(path)!r}") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise RubricError(f"{path}: {exc}") from exc


def examples_path(path: Path) -> Path:
    """Where the examples of the rubric at `path` are kept."""
    return path.with_suffix(".examples.jsonl")


def digest_of(path: Path) -> str:
    """SHA-256 of the rubric file and the examples beside it, in hex."""
    hashed = hashlib.sha256(path.read_bytes())
    if examples_path(path).exists():
        hashed.update(examples_path(path).read_bytes())
    return hashed.hexdigest()


def _read_examples(path: Path) -> dict[str, list[Example]]:
    examples: dict[str, list[Example]] = {}
    if not path.exists():
        return examples
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            target = fields.pop("for")
            examples.setdefault(target, []).append(Example.model_validate(fields))
        except (ValueError, AttributeError, KeyError, TypeError) as exc:
            problem = _first_problem(exc) if isinstance(exc, ValidationError) else exc
            raise RubricError(f"{path}, line {number}: {problem}") from exc
    return examples


def _first_problem(exc: ValidationError, raw: Mapping[str, Any] | None = None) -> str:
    """The first thing that is wrong, named by its place in the file."""
    first = exc.errors(include_url=False)[0]
    names = {"text": "question"} if exc.title == "Question" else {}
    place = _place(tuple(names.get(str(part), part) for part in first["loc"]), raw)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"{place!r} is not a field that a rubric has; is it misspelt?"
    if first["type"] == "missing":
        return f"{place!r} is missing"
    return f"{place!r}: {message}" if place else message


def _place(steps: tuple[int | str, ...], raw: Mapping[str, Any] | None) -> str:
    """Where in a file something is: a criterion or red flag by its id, else a path."""
    if raw and len(steps) > 2 and isinstance(steps[1], int):
        part = raw[str(steps[0])][steps[1]]
        if isinstance(part, dict) and isinstance(part.get("id"), str):
            return f"{part['id']}: {'.'.join(map(str, steps[2:]))}"
    return ".".join(map(str, steps))


def _refuse_a_misplaced_file(path: Path, rubric: Rubric) -> None:
    if path.parent.name != rubric.question.id:
        raise RubricError(
            f"{path}: id is {rubric.question.id!r}, "
            f"but the folder is {path.parent.name!r}"
        )
    if path.stem != f"v{rubric.version}":
        raise RubricError(f"{path}: version is {rubric.version}; rename one of the two")
