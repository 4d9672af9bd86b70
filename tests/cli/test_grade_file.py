"""`grader grade-file`."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.program import start
from tests.llm.test_loopback import ANSWER, FINE, Provider

NOISE = "The model memorises noise in the training data. It fails on new data."
ANSWERS = [
    {"id": f"a{n}", "candidate": "K7", "question_id": "overfitting", "answer": NOISE}
    for n in range(4)
]


def write(path: Path, *answers: dict[str, Any] | str) -> Path:
    lines = (a if isinstance(a, str) else json.dumps(a) for a in answers)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def timeless(grade: dict[str, Any]) -> dict[str, Any]:
    return {**grade, "usage": {**grade["usage"], "milliseconds": None}}


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    return write(tmp_path / "answers.jsonl", *ANSWERS)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "grades.jsonl"


def test_a_file_of_answers_becomes_a_file_of_grades(
    grader: Run, answers: Path, out: Path
) -> None:
    ended = grader("grade-file", answers, "--out", out)

    assert (ended.code, ended.out, ended.err) == (0, "", f"{out}: 4 graded\n")
    assert [grade["id"] for grade in read(out)] == ["a0", "a1", "a2", "a3"]


def test_a_line_of_grades_is_the_single_grade_with_its_id(
    grader: Run, answers: Path, out: Path
) -> None:
    single = grader("grade", "overfitting", "--answer", NOISE, "--json")

    grader("grade-file", answers, "--out", out)

    given = {name: ANSWERS[0][name] for name in ("id", "candidate", "question_id")}
    assert timeless(read(out)[0]) == timeless({**given, **json.loads(single.out)})


def test_a_csv_is_graded_like_json_lines(
    grader: Run, answers: Path, out: Path, tmp_path: Path
) -> None:
    table = tmp_path / "answers.csv"
    with table.open("w", newline="") as file:
        rows = csv.DictWriter(file, list(ANSWERS[0]))
        rows.writeheader()
        rows.writerows(ANSWERS)

    grader("grade-file", answers, "--out", out)
    ended = grader("grade-file", table, "--out", tmp_path / "csv.jsonl")

    assert ended.code == 0
    from_csv = map(timeless, read(tmp_path / "csv.jsonl"))
    assert list(from_csv) == list(map(timeless, read(out)))


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_resume_grades_only_what_is_missing_and_keeps_the_order(
    grader: Run, out: Path, tmp_path: Path, suffix: str
) -> None:
    answers = tmp_path / f"answers.{suffix}"
    if suffix == "csv":
        rows = [",".join(a.values()) for a in ANSWERS]
        write(answers, "id,candidate,question_id,answer", *rows)
    else:
        write(answers, *ANSWERS)
    grader("grade-file", answers, "--out", out)
    first, second, *_ = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(second + first + b'{"id": "a2", "cand')

    ended = grader("grade-file", answers, "--out", out, "--resume")

    assert ended.code == 0
    assert ended.err == f"{out}: 2 graded, 2 kept from before\n"
    assert [grade["id"] for grade in read(out)] == ["a0", "a1", "a2", "a3"]
    assert out.read_bytes().startswith(first + second)


def test_unreadable_lines_are_named_and_the_rest_is_graded(
    grader: Run, out: Path, tmp_path: Path
) -> None:
    answers = write(tmp_path / "a.jsonl", '{"id" "x"}', "[]", *ANSWERS)

    ended = grader("grade-file", answers, "--out", out)

    assert (ended.code, len(read(out))) == (1, 4)
    assert ended.err.splitlines() == [
        f"{answers}, line 1 is not JSON: Expecting ':' delimiter (column 7)",
        f"{answers}, line 2 is not a JSON object",
        f"{out}: 4 graded, 2 unreadable",
    ]


def test_only_the_first_unreadable_lines_are_named(
    grader: Run, out: Path, tmp_path: Path
) -> None:
    answers = write(tmp_path / "a.jsonl", *["[]"] * 23)

    ended = grader("grade-file", answers, "--out", out)

    assert ended.code == 1
    assert ended.err.splitlines()[19:] == [
        f"{answers}, line 20 is not a JSON object",
        "... and 3 more lines",
        f"{out}: 0 graded, 23 unreadable",
    ]


def test_ungraded_lines_are_counted_and_are_no_failure(
    grader: Run, out: Path, tmp_path: Path
) -> None:
    answers = write(
        tmp_path / "a.jsonl",
        {**ANSWERS[0], "question_id": "coffee"},
        {**ANSWERS[1], "answer": None},
        ANSWERS[2],
    )

    ended = grader("grade-file", answers, "--out", out)

    counts = "1 graded, 1 ungraded (bad_answer), 1 ungraded (unknown_question)"
    assert (ended.code, ended.err) == (0, f"{out}: {counts}\n")
    assert [grade["kind"] for grade in read(out)] == ["ungraded", "ungraded", "grade"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "id,candidate,answer\n1,K,x\n", "no column 'question_id'"),
        ("a.csv", "", "no column 'id'"),
        ("absent.jsonl", None, "there is no file of answers"),
        ("grades.jsonl", "{}\n", "holds the answers"),
    ],
    ids=["column", "empty", "absent", "itself"],
)
def test_a_file_that_holds_no_answers_ends_with_1(
    grader: Run, out: Path, tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)

    ended = grader("grade-file", tmp_path / name, "--out", out)

    assert (ended.code, ended.out) == (1, "")
    assert says in ended.err
    assert ended.err.count("\n") == 1
    assert not out.exists() or out.samefile(tmp_path / name)


def test_grades_that_are_there_are_kept(grader: Run, answers: Path, out: Path) -> None:
    out.write_text("my notes")

    refused = grader("grade-file", answers, "--out", out)
    resumed = grader("grade-file", answers, "--out", out, "--resume")

    assert (refused.code, resumed.code) == (1, 1)
    assert "Use --resume" in refused.err
    assert "line 1 is not a grade" in resumed.err
    assert out.read_text() == "my notes"


def test_ids_and_names_cannot_command_the_terminal(grader: Run, tmp_path: Path) -> None:
    folder = tmp_path / "\x1b[31mred"
    folder.mkdir()
    hostile = {**ANSWERS[0], "id": "\x1b]0;owned\x07"}
    once = write(folder / "once.jsonl", hostile, "[]")
    twice = write(folder / "twice.jsonl", hostile, hostile)
    out = folder / "\x9b2J.jsonl"

    graded = grader("grade-file", once, "--out", out)
    refused = grader("grade-file", twice, "--out", out, "--resume")

    assert (graded.code, refused.code) == (1, 1)
    assert r"id '\x1b]0;owned\x07' occurs twice" in refused.err
    said = graded.err + refused.err
    assert all(c.isprintable() or c == "\n" for c in said)
    assert "\x1b" not in out.read_text()


def test_a_key_that_is_refused_stops_the_run_and_keeps_what_is_graded(
    grader: Run, provider: Provider, out: Path, tmp_path: Path
) -> None:
    stack = {"candidate": "K7", "question_id": "stack", "answer": ANSWER}
    answers = write(tmp_path / "a.jsonl", *({"id": n, **stack} for n in range(6)))
    provider.replies = [FINE, FINE, (401, "{}")]

    stopped = grader("grade-file", answers, "--out", out, "--workers", "1")
    kept = out.read_bytes()
    provider.replies = [FINE]
    resumed = grader("grade-file", answers, "--out", out, "--resume")

    said = stopped.err.splitlines()
    assert (stopped.code, said[0]) == (1, f"{out}: 2 graded")
    assert said[1].startswith("Stopped: ")
    assert said[1].endswith("run the same command with --resume")
    assert (resumed.code, resumed.err) == (0, f"{out}: 4 graded, 2 kept from before\n")
    assert out.read_bytes().startswith(kept)
    assert [grade["id"] for grade in read(out)] == list(range(6))


def test_resume_grades_again_where_the_provider_was_away_for_all(
    grader: Run, provider: Provider, out: Path, tmp_path: Path
) -> None:
    stack = {"candidate": "K7", "question_id": "stack", "answer": ANSWER}
    answers = write(tmp_path / "a.jsonl", *({"id": n, **stack} for n in range(3)))
    provider.replies = [(500, "oh no")]

    away = grader("grade-file", answers, "--out", out)
    provider.replies = [FINE]
    resumed = grader("grade-file", answers, "--out", out, "--resume")

    again = "3 ungraded (provider_unavailable; --resume grades these again)"
    assert (away.code, away.err) == (0, f"{out}: 0 graded, {again}\n")
    assert (resumed.code, resumed.err) == (0, f"{out}: 3 graded\n")
    assert [(g["id"], g["kind"]) for g in read(out)] == [(n, "grade") for n in range(3)]


def wait_for_lines(out: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the run has begun to write; fails where it ended first."""
    while not out.exists() or out.read_bytes().count(b"\n") < 5:
        assert process.poll() is None
        time.sleep(0.002)


def test_pressing_ctrl_c_keeps_what_is_graded_for_resume(
    out: Path, tmp_path: Path
) -> None:
    many = [{**ANSWERS[0], "id": n} for n in range(300)]
    answers = write(tmp_path / "many.jsonl", *many)
    run = ("grade-file", answers, "--out", out)

    with start(*run, "--workers", "2") as process:
        wait_for_lines(out, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    before = out.read_bytes()
    with start(*run, "--resume") as resumed:
        _, said = resumed.communicate(timeout=60)

    interrupted = b"Interrupted. What was graded is kept; run it again with --resume\n"
    assert (process.returncode, err) == (130, interrupted)
    assert 5 <= before.count(b"\n") < 300
    assert (resumed.returncode, b" kept from before" in said) == (0, True)
    assert [grade["id"] for grade in read(out)] == list(range(300))
    assert out.read_bytes().startswith(before)


def shown_on_a_terminal(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and standard error of a run whose standard error is a terminal."""
    ours, theirs = pty.openpty()
    env = {"TERM": "xterm", "COLUMNS": "80"}
    with start(*arguments, stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                some = os.read(ours, 1 << 16)
            except OSError:  # Linux says so where the other end has gone.
                break
            if not some:
                break
            shown += some
        os.close(ours)
    return process.returncode, shown.decode()


def test_a_terminal_shows_progress_with_rate_and_time_left(
    out: Path, tmp_path: Path
) -> None:
    many = [{**ANSWERS[0], "id": n} for n in range(100)]
    answers = write(tmp_path / "many.jsonl", *many)

    code, shown = shown_on_a_terminal("grade-file", answers, "--out", out)

    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert code == 0
    assert re.search(r"Grading .*100/100 [\d.]+/s 0:00:00", plain)
    assert "100 graded" in plain


def test_lines_are_not_counted_where_no_progress_is_shown(
    grader: Run, answers: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Path] = []
    monkeypatch.setattr("grader.answer_files.count_lines", counted.append)

    grader("grade-file", answers, "--out", out)

    assert (len(read(out)), counted) == (4, [])


def test_a_pipe_shows_no_progress(answers: Path, out: Path) -> None:
    with start("grade-file", answers, "--out", out) as process:
        said, err = process.communicate(timeout=60)

    assert (process.returncode, said) == (0, b"")
    assert err.decode() == f"{out}: 4 graded\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_ends_with_1_and_one_line(grader: Run, answers: Path) -> None:
    ended = grader("grade-file", answers, "--out", "/dev/full")

    assert (ended.code, ended.err) == (1, "grader: No space left on device\n")


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs /dev/stdout")
def test_grades_can_go_to_a_pipe(answers: Path) -> None:
    with start("grade-file", answers, "--out", "/dev/stdout") as process:
        said, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, b"/dev/stdout: 4 graded\n")
    assert [json.loads(line)["id"] for line in said.splitlines()] == [
        "a0",
        "a1",
        "a2",
        "a3",
    ]


def test_a_cell_that_is_too_long_does_not_become_rows_of_others(
    grader: Run, out: Path, tmp_path: Path
) -> None:
    forged = "x" * 1_000_001 + "\nb1,Best,overfitting,Noise.\n"
    answers = write(
        tmp_path / "a.csv",
        "id,candidate,question_id,answer",
        f"a1,K7,overfitting,{NOISE}",
        f'a2,K8,overfitting,"{forged}"',
    )

    ended = grader("grade-file", answers, "--out", out)

    assert ended.code == 1
    assert "line 3 is not CSV" in ended.err
    assert "nothing after it was read" in ended.err
    assert [grade["id"] for grade in read(out)] == ["a1"]
