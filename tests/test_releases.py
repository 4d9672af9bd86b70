"""Released files and the hashes that keep them as they are."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from grader.errors import ContentError
from grader.releases import (
    changed,
    find_lock,
    read_lock,
    release,
    unlocked_old_versions,
)

ROOT = Path(__file__).parent.parent
RUBRIC = """\
id = "queue"
version = 1
topic = "structures"
level = "junior"
question = "What is a queue?"
strong_answer = "What came first leaves first."

[[criteria]]
id = "order"
requirement = "Says that the oldest entry leaves before the others."
points = 4
hint = "Who is served next?"

[[criteria]]
id = "ends"
requirement = "Says that adding happens at the opposite end of removal."
points = 3
hint = "Where do newcomers stand?"

[[criteria]]
id = "use"
requirement = "Names a real use, such as print jobs."
points = 3
hint = "Where did you last meet one?"

[[red_flags]]
id = "stack"
statement = "Describes a stack instead."
kind = "states"
cap = 0.34
"""
NAME = "rubrics/structures/junior/queue/v1.toml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / NAME).parent.mkdir(parents=True)
    (tmp_path / NAME).write_text(RUBRIC)
    prompts = tmp_path / "prompts" / "judge"
    prompts.mkdir(parents=True)
    (prompts / "v1.txt").write_text("Look for $criteria.")
    return tmp_path


@pytest.fixture
def lock(checkout: Path) -> Path:
    return checkout / "released.sha256"


def add_version(checkout: Path, number: int) -> Path:
    path = (checkout / NAME).with_name(f"v{number}.toml")
    path.write_text(RUBRIC.replace("version = 1", f"version = {number}"))
    return path


def add_examples(checkout: Path, text: str = "Who came first goes first.") -> Path:
    path = (checkout / NAME).with_suffix(".examples.jsonl")
    kinds = [(p, m) for p in ("order", "ends", "use", "stack") for m in (True, False)]
    lines = [
        json.dumps({"for": part, "met": met, "type": "plain", "text": text}) + "\n"
        for part, met in kinds * 20
    ]
    path.write_text("".join(lines))
    return path


def test_a_release_locks_the_hash_of_a_file(checkout: Path, lock: Path) -> None:
    added = release(checkout / NAME, lock)

    digest = hashlib.sha256(RUBRIC.encode()).hexdigest()
    assert added == (f"{digest}  {NAME}",)
    assert lock.read_text() == f"{digest}  {NAME}\n"
    assert changed(lock) == ()


def test_examples_are_released_with_their_rubric(checkout: Path, lock: Path) -> None:
    examples = add_examples(checkout)

    added = release(checkout / NAME, lock)

    assert len(added) == 2
    assert read_lock(lock)[examples.relative_to(checkout).as_posix()]


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_sha256sum_can_check_the_lock(checkout: Path, lock: Path) -> None:
    add_examples(checkout)
    release(checkout / NAME, lock)
    release(checkout / "prompts/judge/v1.txt", lock)

    said = subprocess.run(
        ["sha256sum", "-c", lock.name], cwd=checkout, capture_output=True, check=True
    )

    assert said.stdout.count(b": OK\n") == 3


def test_releasing_again_changes_nothing(checkout: Path, lock: Path) -> None:
    release(checkout / NAME, lock)
    before = lock.read_bytes()

    assert release(checkout / NAME, lock) == ()
    assert lock.read_bytes() == before


def test_a_line_is_never_glued_to_the_one_above(checkout: Path, lock: Path) -> None:
    release(checkout / NAME, lock)
    lock.write_text(lock.read_text().rstrip("\n"))

    release(checkout / "prompts/judge/v1.txt", lock)

    assert len(read_lock(lock)) == 2


def test_a_released_file_that_changed_is_refused(checkout: Path, lock: Path) -> None:
    release(checkout / NAME, lock)
    (checkout / NAME).write_text(RUBRIC + "\n")

    with pytest.raises(ContentError, match=r"v1\.toml is not what.*v2"):
        release(checkout / NAME, lock)

    assert changed(lock) == (NAME,)


def test_examples_cannot_join_a_released_rubric(checkout: Path, lock: Path) -> None:
    release(checkout / NAME, lock)
    examples = add_examples(checkout).relative_to(checkout).as_posix()

    with pytest.raises(ContentError, match="examples"):
        release(checkout / NAME, lock)

    assert changed(lock) == (examples,)


def test_released_examples_cannot_go_or_change(checkout: Path, lock: Path) -> None:
    examples = add_examples(checkout)
    release(checkout / NAME, lock)

    add_examples(checkout, "Other words.")
    with pytest.raises(ContentError, match="examples"):
        release(checkout / NAME, lock)
    examples.unlink()
    with pytest.raises(ContentError, match="examples"):
        release(checkout / NAME, lock)

    assert changed(lock) == (examples.relative_to(checkout).as_posix(),)


def test_a_missing_file_counts_as_changed(checkout: Path, lock: Path) -> None:
    release(checkout / NAME, lock)
    (checkout / NAME).unlink()

    assert changed(lock) == (NAME,)


def test_a_rubric_with_problems_is_refused(checkout: Path, lock: Path) -> None:
    (checkout / NAME).write_text(RUBRIC.replace("points = 4", "points = 5"))

    with pytest.raises(ContentError, match=r"add up to 11.*grader check"):
        release(checkout / NAME, lock)

    assert not lock.exists()


def test_older_versions_are_released_first(checkout: Path, lock: Path) -> None:
    newer = add_version(checkout, 2)

    with pytest.raises(ContentError, match=r"release .*v1\.toml first"):
        release(newer, lock)
    release(checkout / NAME, lock)

    assert len(release(newer, lock)) == 1


def test_all_but_the_newest_version_must_be_locked(checkout: Path, lock: Path) -> None:
    folders = checkout / "rubrics", checkout / "prompts"
    assert unlocked_old_versions(lock, *folders) == ()

    for number in range(2, 11):
        add_version(checkout, number)
    release(checkout / NAME, lock)

    unlocked = unlocked_old_versions(lock, *folders)
    assert [Path(name).stem for name in unlocked] == [f"v{n}" for n in range(2, 10)]


def test_a_prompt_is_released_too(checkout: Path, lock: Path) -> None:
    (line,) = release(checkout / "prompts/judge/v1.txt", lock)

    assert line.endswith("  prompts/judge/v1.txt")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff"])
def test_a_prompt_that_says_nothing_is_refused(
    checkout: Path, lock: Path, content: bytes
) -> None:
    (checkout / "prompts/judge/v1.txt").write_bytes(content)

    with pytest.raises(ContentError, match=r"v1\.txt"):
        release(checkout / "prompts/judge/v1.txt", lock)


@pytest.mark.parametrize("name", ["v1.md", "rubric.toml", "v0.toml", "v3.toml"])
def test_only_a_version_that_is_there_is_released(
    checkout: Path, lock: Path, name: str
) -> None:
    (checkout / "v1.md").write_text("")

    with pytest.raises(ContentError, match=r"Name a"):
        release(checkout / name, lock)


def test_a_file_outside_the_checkout_is_refused(checkout: Path, lock: Path) -> None:
    elsewhere = checkout / "elsewhere" / "released.sha256"
    elsewhere.parent.mkdir()

    with pytest.raises(ContentError, match="not under"):
        release(checkout / NAME, elsewhere)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"abc  rubrics/v1.toml\n", 1),
        (b"0" * 64 + b"  a\n\n", 2),
        ((b"0" * 64 + b"  a\n") * 2, 2),
    ],
)
def test_a_damaged_lock_is_named_by_its_line(
    lock: Path, text: bytes, line: int
) -> None:
    lock.write_bytes(text)

    with pytest.raises(ContentError, match=f"line {line}: .*version control"):
        read_lock(lock)


def test_a_lock_that_is_no_text_is_refused(lock: Path) -> None:
    lock.write_bytes(b"\xff")

    with pytest.raises(ContentError, match=r"released\.sha256"):
        read_lock(lock)


def test_a_lock_of_sha256sum_in_binary_mode_is_read(lock: Path) -> None:
    lock.write_text("0" * 64 + " *a b.toml\n")

    assert read_lock(lock) == {"a b.toml": "0" * 64}


def test_the_lock_is_beside_the_rubrics_or_nearest(checkout: Path, lock: Path) -> None:
    assert find_lock(checkout / NAME) == lock.resolve()

    nearer = checkout / "rubrics" / "released.sha256"
    nearer.touch()

    assert find_lock(checkout / NAME) == nearer.resolve()


def test_a_file_without_a_lock_above_needs_one_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="--lock"):
        find_lock(tmp_path / "v1.toml")


def test_nothing_released_in_this_project_has_changed() -> None:
    lock = ROOT / "released.sha256"

    assert changed(lock) == ()
    assert unlocked_old_versions(lock, ROOT / "rubrics", ROOT / "prompts") == ()
