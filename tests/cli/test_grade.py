"""`grader grade`."""

import asyncio
import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from grader.settings import read_settings
from grader.wiring import build
from tests.cli.conftest import Run
from tests.cli.program import run
from tests.llm.test_loopback import ANSWER, FINE, KEY, NO_QUOTA, Provider

NOISE = "The model memorises noise in the training data. It fails on new data."
GERMAN = (
    "Das Modell lernt die Trainingsdaten auswendig und ist deshalb auf neuen Daten, "
    "die es noch nie gesehen hat, viel schlechter."
)
GRADE = set(
    "kind percent expected band interval capped_by review findings sightings "
    "feedback provenance usage".split()
)
FINDING = {"criterion_id", "verdict", "probability", "evidence", "rationale"}
SIGHTING = {"red_flag_id", "seen", "probability", "evidence", "rationale"}


def typed(monkeypatch: pytest.MonkeyPatch, received: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(received)))


def graded(grader: Run, *arguments: str | Path) -> dict[str, Any]:
    ended = grader("grade", "overfitting", *arguments, "--json")
    assert (ended.code, ended.err) == (0, "")
    outcome: dict[str, Any] = json.loads(ended.out)
    return outcome


def test_an_answer_is_graded_for_a_person_to_read(grader: Run) -> None:
    ended = grader("grade", "overfitting", "--answer", NOISE)

    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "What is overfitting and how do you spot it?"
    assert " of 100  (likely " in lines[1]
    assert [line[2:9] for line in lines if line[2:8] == "Point "] == [
        f"Point {number}" for number in (1, 2, 3)
    ]
    assert any(line.startswith("Next  ") for line in lines)
    assert "\x1b" not in ended.out
    assert all(line == line.rstrip() for line in lines)


def test_json_is_what_the_grader_gives_from_python(grader: Run) -> None:
    expected = asyncio.run(build(read_settings()).grade("overfitting", NOISE))

    outcome = graded(grader, "--answer", NOISE)

    outcome["usage"].pop("milliseconds")
    usage = {"usage": {"milliseconds"}}
    assert outcome == expected.model_dump(mode="json", exclude=usage)


def test_json_keeps_to_the_contract(grader: Run) -> None:
    outcome = graded(grader, "--answer", NOISE)

    assert set(outcome) == GRADE
    assert outcome["kind"] == "grade"
    assert {frozenset(finding) for finding in outcome["findings"]} == {
        frozenset(FINDING)
    }
    assert {frozenset(sighting) for sighting in outcome["sightings"]} == {
        frozenset(SIGHTING)
    }
    feedback = {"summary", "got", "missing", "flags", "next"}
    assert set(outcome["feedback"]) == feedback
    assert outcome["provenance"]["rubric"] == "overfitting"
    assert outcome["provenance"]["judge"].startswith("local")


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        "Well\r\n\r\n- \U0001f44d\U0001f3fd last in, first out!\r\nUndo.\r\n",
        "Cafe\u0301 \u200bqueues:\tfirst in. So not\xa0that\u2028\u2028but last.",
    ],
    ids=["plain", "line breaks and emoji", "combining and hidden"],
)
def test_evidence_is_the_answer_as_received(
    grader: Run, provider: Provider, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    provider.replies = [FINE]
    typed(monkeypatch, answer.encode())

    ended = grader("grade", "stack", "-", "--json")

    cited = [finding["evidence"] for finding in json.loads(ended.out)["findings"]]
    assert [len(evidence) for evidence in cited] == [1, 1]
    for (evidence,) in cited:
        assert set(evidence) == {"sentence", "start", "end", "text"}
        assert answer[evidence["start"] : evidence["end"]] == evidence["text"]


def test_the_three_ways_to_hand_in_an_answer_are_the_same(
    grader: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "answer.txt"
    file.write_bytes(b"\xef\xbb\xbf" + NOISE.encode())
    typed(monkeypatch, NOISE.encode())

    ways: list[tuple[str | Path, ...]] = [
        ("--answer", NOISE),
        ("--answer-file", file),
        ("-",),
    ]
    outcomes = [graded(grader, *way) for way in ways]

    for outcome in outcomes:
        outcome["usage"].pop("milliseconds")
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize("answer", ["", " \n\t", "...", "🙂"])
def test_an_answer_without_words_is_a_grade_of_0(grader: Run, answer: str) -> None:
    outcome = graded(grader, "--answer", answer)

    assert (outcome["percent"], outcome["band"], outcome["review"]) == (0, "none", [])


@pytest.mark.parametrize(
    "places",
    [[], ["-", "--answer", "x"], ["--answer", "x", "--answer-file", "y"]],
    ids=["none", "two", "two options"],
)
def test_an_answer_comes_from_exactly_one_place(grader: Run, places: list[str]) -> None:
    ended = grader("grade", "overfitting", *places)

    assert (ended.code, ended.out) == (2, "")
    assert "give one of --answer, --answer-file or `-`" in ended.err


def test_an_answer_without_its_option_is_not_taken_for_a_place(grader: Run) -> None:
    ended = grader("grade", "overfitting", "\x1b[31mNoise.")

    assert ended.code == 2
    assert r"'\x1b[31mNoise.': only `-` can stand here" in ended.err


@pytest.mark.parametrize(
    ("received", "says"),
    [
        (NOISE.encode("utf-16"), "it looks like UTF-16"),
        (NOISE.encode("utf-16-le"), "it looks like UTF-16"),
        ("Caf\xe9".encode("latin-1"), "byte 3 does not decode"),
        (b"a" * 100 + b"\x00", "U+0000, which is not text"),
        (b"a" * 20_001, "at most 20,000 are taken"),
    ],
    ids=["UTF-16", "UTF-16 without mark", "Latin-1", "NUL", "too long"],
)
def test_bytes_that_are_no_answer_end_with_1_and_the_next_step(
    received: bytes, says: str
) -> None:
    code, out, err = run("grade", "overfitting", "-", "--json", stdin=received)

    assert (code, out) == (1, b"")
    assert says in err.decode()
    assert err.startswith(b"grader: ")
    assert err.count(b"\n") == 1


def test_an_argument_that_is_not_text_ends_with_1() -> None:
    arguments: list[Any] = ["grade", "overfitting", "--answer", b"Caf\xe9"]

    code, _, err = run(*arguments)

    assert code == 1
    assert b"U+DCE9, which is not text" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cofee", "--answer", "x"], "there is no question 'cofee'"),
        (["\x1b[2J", "--answer", "x"], r"there is no question '\x1b[2J'"),
        (["overfitting", "--answer", "x", "--judge", "llm"], "set GRADER_MODEL"),
        (["overfitting", "--answer", "x", "--rubrics", "absent"], "'absent'"),
        (["overfitting", "--answer-file", "absent"], "'absent' cannot be read"),
        (["overfitting", "--answer-file", "."], "'.' cannot be read"),
    ],
)
def test_what_the_caller_must_mend_ends_with_1(
    grader: Run, arguments: list[str], says: str
) -> None:
    ended = grader("grade", *arguments)

    assert (ended.code, ended.out) == (1, "")
    assert says in ended.err
    assert ended.err.startswith("grader: ")
    assert ended.err.count("\n") == 1
    assert ended.err.strip().isprintable()


def test_a_broken_rubric_ends_with_1_and_its_path(grader: Run, tmp_path: Path) -> None:
    path = tmp_path / "t" / "mid" / "q" / "v1.toml"
    path.parent.mkdir(parents=True)
    path.write_text('id = "q"\n')

    ended = grader("grade", "q", "--answer", "x", "--rubrics", tmp_path)

    assert (ended.code, ended.out) == (1, "")
    assert str(path) in ended.err


def test_an_ungraded_answer_ends_with_3_and_says_so(grader: Run) -> None:
    ended = grader("grade", "overfitting", "--answer", GERMAN)

    assert (ended.code, ended.err) == (3, "")
    assert "Ungraded: the local judge reads English" in ended.out
    assert "it does not count as zero" in ended.out


def test_an_ungraded_answer_is_still_printed_for_programs(grader: Run) -> None:
    ended = grader("grade", "overfitting", "--answer", GERMAN, "--json")

    outcome = json.loads(ended.out)
    assert (ended.code, ended.err) == (3, "")
    assert set(outcome) == {"kind", "code", "reason", "provenance", "usage"}
    assert (outcome["kind"], outcome["code"]) == ("ungraded", "unsupported_language")


def test_a_provider_that_answers_gives_a_grade(grader: Run, provider: Provider) -> None:
    provider.replies = [FINE]

    ended = grader("grade", "stack", "--answer", ANSWER, "--json")

    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["percent"] == 100


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ((500, "oh \x1b[2Jno"), "provider_unavailable"),
        ((401, "{}"), "provider_blocked"),
        (NO_QUOTA, "provider_blocked"),
        ((400, "{}"), "provider_declined"),
        ((200, "{}"), "unusable_reply"),
    ],
    ids=["500", "401", "quota", "400", "empty"],
)
def test_a_provider_of_no_use_ends_with_3_and_the_reason(
    grader: Run, provider: Provider, reply: tuple[int, str], code: str
) -> None:
    provider.replies = [reply]

    shown = grader("grade", "stack", "--answer", ANSWER)
    ended = grader("grade", "stack", "--answer", ANSWER, "--json")

    assert (shown.code, shown.err, ended.code, ended.err) == (3, "", 3, "")
    assert shown.out.startswith("What is a stack?\nUngraded: ")
    assert json.loads(ended.out)["code"] == code
    assert "\x1b" not in shown.out + ended.out
    assert KEY not in shown.out + ended.out


def test_the_judge_can_be_named_against_the_setting(
    grader: Run, provider: Provider
) -> None:
    ended = grader("grade", "stack", "--answer", ANSWER, "--judge", "local", "--json")

    assert ended.code == 0
    assert provider.requests == []


@pytest.mark.parametrize("answer", ["", NOISE], ids=["blank", "graded"])
def test_only_reveal_shows_the_strong_answer(grader: Run, answer: str) -> None:
    strong = build(read_settings()).shelf.rubric("overfitting").strong_answer
    some = " ".join(strong.split()[:8])

    hidden = grader("grade", "overfitting", "--answer", answer)
    shown = grader("grade", "overfitting", "--answer", answer, "--reveal")
    outcome = graded(grader, "--answer", answer)
    revealed = graded(grader, "--answer", answer, "--reveal")

    assert some not in " ".join(hidden.out.split())
    assert some in " ".join(shown.out.split())
    assert some not in " ".join(json.dumps(outcome).split())
    assert revealed["feedback"]["strong_answer"] == strong


def test_an_answer_cannot_command_the_terminal(grader: Run, provider: Provider) -> None:
    provider.replies = [FINE]
    answer = "In \x1b]0;owned\x07last, \x1b[31mout\x9b2J first. Undo\x7f, \u202eeb yam."

    shown = grader("grade", "stack", "--answer", answer)
    ended = grader("grade", "stack", "--answer", answer, "--json")

    assert "“Undo , eb yam.”" in shown.out
    assert all(c.isprintable() or c == "\n" for c in shown.out)
    assert all(" " <= c <= "~" or c == "\n" for c in ended.out)
    (cited,) = json.loads(ended.out)["findings"][1]["evidence"]
    assert answer[cited["start"] : cited["end"]] == cited["text"]
    assert "\x7f, \u202eeb" in cited["text"]
