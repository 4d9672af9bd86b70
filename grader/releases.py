"""Released files never change: their hashes are in `released.sha256`.

Its lines are those of sha256sum, with paths relative to the file's own folder:
`sha256sum -c released.sha256` says the same as `changed`.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from grader.errors import ContentError, RubricError
from grader.rubric_files import examples_path
from grader.rubric_lint import Problem, lint

LOCK = "released.sha256"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_VERSION = re.compile(r"v([1-9]\d*)\.(toml|txt)")


def release(path: Path, lock: Path) -> tuple[str, ...]:
    """Lock one version of a rubric, with its examples, or of a prompt.

    Returns the lines added to `lock`; none where all of it is released already.
    Raises `ContentError` where the file has problems or was released with other
    contents, and where an older version is not released yet.
    """
    version = _version(path)
    released = read_lock(lock)
    files = _files(path)
    _refuse_a_change(path, files, released, lock)
    new = [file for file in files if _name(file, lock) not in released]
    if not new:
        return ()
    for older in range(1, version):
        name = _name(path.with_name(f"v{older}{path.suffix}"), lock)
        if name not in released:
            raise ContentError(f"{path}: release {name} first; it is older")
    _refuse_a_problem(path)
    lines = tuple(f"{_digest(file)}  {_name(file, lock)}" for file in new)
    _append(lines, lock)
    return lines


def changed(lock: Path) -> tuple[str, ...]:
    """Released files that differ or are missing, and examples that were added."""
    released = read_lock(lock)
    folder = lock.parent
    wrong = {
        name
        for name, digest in released.items()
        if not (folder / name).is_file() or _digest(folder / name) != digest
    }
    beside = {examples_path(Path(name)).as_posix() for name in released}
    added = {name for name in beside - set(released) if (folder / name).exists()}
    return tuple(sorted(wrong | added))


def changed_under(place: Path) -> tuple[Problem, ...]:
    """What `changed` finds in or at a place; nothing where no lock is above it."""
    top = place.resolve()
    locks = (folder / LOCK for folder in top.parents)
    lock = next((lock for lock in locks if lock.is_file()), None)
    if lock is None:
        return ()
    files = ((lock.parent / name).resolve() for name in changed(lock))
    message = (
        "this version was released with other contents; undo the change, "
        "or make it in a new version"
    )
    return tuple(
        Problem(path=file, part=None, code="changed", message=message)
        for file in files
        if file == top or top in file.parents
    )


def unlocked_old_versions(lock: Path, *folders: Path) -> tuple[str, ...]:
    """Every version under `folders`, but for the newest of each, that is not locked."""
    released = read_lock(lock)
    homes: dict[tuple[Path, str], list[Path]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("v*")):
            if _VERSION.fullmatch(path.name):
                homes.setdefault((path.parent, path.suffix), []).append(path)
    old = (
        path for paths in homes.values() for path in sorted(paths, key=_version)[:-1]
    )
    names = (_name(file, lock) for path in old for file in _files(path))
    return tuple(sorted(name for name in names if name not in released))


def read_lock(lock: Path) -> dict[str, str]:
    """Path to hash of everything released; nothing where there is no such file."""
    released: dict[str, str] = {}
    for number, line in enumerate(_lock_lines(lock), start=1):
        found = _LINE.fullmatch(line)
        if not found or found[2] in released:
            fault = (
                "its path is there twice" if found else "it is no '<sha256>  <path>'"
            )
            raise ContentError(
                f"{lock}, line {number}: {fault}. Restore the file from version control"
            )
        released[found[2]] = found[1]
    return released


def find_lock(path: Path) -> Path:
    """The lock that a file belongs to: the nearest, or one beside `rubrics`.

    Raises `ContentError` where neither is above the file.
    """
    above = path.resolve().parents
    for folder in above:
        if (folder / LOCK).is_file():
            return folder / LOCK
    for folder in above:
        if folder.name in ("rubrics", "prompts"):
            return folder.parent / LOCK
    raise ContentError(
        f"no {LOCK} is above {str(path)!r}, nor a folder 'rubrics' or 'prompts'. "
        "Name the file to write with --lock"
    )


def _lock_lines(lock: Path) -> Iterator[str]:
    if lock.exists():
        try:
            yield from lock.read_bytes().decode().splitlines()
        except UnicodeDecodeError as exc:
            raise ContentError(
                f"{lock}: {exc}. Restore the file from version control"
            ) from exc


def _version(path: Path) -> int:
    found = _VERSION.fullmatch(path.name)
    if not found:
        raise ContentError(
            f"{str(path)!r} is no version of a rubric or prompt. "
            "Name a file v<N>.toml or v<N>.txt"
        )
    return int(found[1])


def _files(path: Path) -> list[Path]:
    """What is released together: a rubric and the examples beside it."""
    if not path.is_file():
        raise ContentError(f"there is no file {str(path)!r}. Name a version to release")
    examples = examples_path(path)
    return [path, examples] if examples.exists() else [path]


def _name(path: Path, lock: Path) -> str:
    folder = lock.resolve().parent
    if not path.resolve().is_relative_to(folder):
        raise ContentError(
            f"{path} is not under {str(folder)!r}, where {lock.name} is. "
            "Name another file with --lock"
        )
    return path.resolve().relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _refuse_a_change(
    path: Path, files: list[Path], released: dict[str, str], lock: Path
) -> None:
    """Once a version is released, its files stay, and no other joins them."""
    if _name(path, lock) not in released:
        return
    now = {_name(file, lock): _digest(file) for file in files}
    examples = _name(examples_path(path), lock)
    for name in (_name(path, lock), examples):
        if now.get(name) != released.get(name):
            raise ContentError(
                f"{name} is not what was released. "
                f"Restore it, and write v{_version(path) + 1} instead"
            )


def _refuse_a_problem(path: Path) -> None:
    if path.suffix == ".txt":
        _refuse_an_empty_prompt(path)
        return
    problems = lint(path)
    if problems:
        first = problems[0]
        where = f"{first.part}: " if first.part else ""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise RubricError(
            f"{path}: {where}{first.message}{more}. "
            "Mend what `grader check` names, then release it"
        )


def _refuse_an_empty_prompt(path: Path) -> None:
    try:
        is_empty = not path.read_bytes().decode().strip()
    except UnicodeDecodeError as exc:
        raise ContentError(f"{path}: {exc}. Save it as UTF-8") from exc
    if is_empty:
        raise ContentError(f"{path}: the prompt is empty. Write it, then release it")


def _append(lines: tuple[str, ...], lock: Path) -> None:
    before = lock.read_bytes() if lock.exists() else b""
    start = "" if not before or before.endswith(b"\n") else "\n"
    with lock.open("a", encoding="utf-8", newline="\n") as file:
        file.write(start + "".join(f"{line}\n" for line in lines))
