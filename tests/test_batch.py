import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.answer import Answer
from grader.batch import Tally, grade_file
from grader.errors import InputError, LLMBlocked, LLMUnavailable
from grader.grading import Grader
from grader.judgement import Judgement
from grader.rubric import Rubric
from grader.rubric_files import RubricShelf
from tests.judgements import MET, FakeJudge, judged

ANSWERS = [
    {"id": f"a{n}", "candidate": "K7", "question_id": "tea", "answer": f"Boil {n}."}
    for n in range(20)
]


@pytest.fixture
def shelf(tmp_path: Path) -> RubricShelf:
    folder = tmp_path / "rubrics" / "kitchen" / "junior" / "tea"
    folder.mkdir(parents=True)
    (folder / "v1.toml").write_text(
        'id = "tea"\nversion = 1\ntopic = "kitchen"\nlevel = "junior"\n'
        'question = "How do you make tea?"\nstrong_answer = "Boil water."\n'
        '[[criteria]]\nid = "boil"\nrequirement = "Says boil."\npoints = 1\n'
    )
    return RubricShelf(tmp_path / "rubrics")


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(answer) + "\n" for answer in ANSWERS))
    return path


def yes(rubric: Rubric, answer: Answer) -> Judgement:
    return judged(rubric, (MET,), answer=answer)


def run(
    shelf: RubricShelf,
    answers: Path,
    judge: Callable[[Rubric, Answer], Judgement] = yes,
    resume: bool = False,
) -> Tally:
    grader = Grader(FakeJudge(judge), shelf)
    return asyncio.run(grade_file(grader, answers, out(answers), 4, resume))


def out(answers: Path) -> Path:
    return answers.with_name("grades.jsonl")


def lines(answers: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out(answers).read_text().splitlines()]


def test_every_answer_gets_one_line_in_order(shelf: RubricShelf, answers: Path) -> None:
    tally = run(shelf, answers)

    assert [line["id"] for line in lines(answers)] == [a["id"] for a in ANSWERS]
    assert {line["kind"] for line in lines(answers)} == {"grade"}
    assert tally.graded == tally.done == 20


def test_answers_are_written_in_order_whichever_is_judged_first(
    shelf: RubricShelf, answers: Path
) -> None:
    class SlowFirst(FakeJudge):
        async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
            for _ in range(50 if answer.text.endswith(" 0.") else 0):
                await asyncio.sleep(0)
            return yes(rubric, answer)

    asyncio.run(grade_file(Grader(SlowFirst(yes), shelf), answers, out(answers), 4))

    assert [line["id"] for line in lines(answers)] == [a["id"] for a in ANSWERS]


def test_other_fields_pass_through_and_never_replace_ours(
    shelf: RubricShelf, answers: Path
) -> None:
    answers.write_text(json.dumps({**ANSWERS[0], "round": 2, "percent": 99, "kind": 1}))

    run(shelf, answers)

    line = lines(answers)[0]
    assert (line["round"], line["percent"], line["kind"]) == (2, 100.0, "grade")
    assert (line["input_percent"], line["input_kind"]) == (99, 1)


def test_lines_that_cannot_be_read_are_named_and_the_rest_is_graded(
    shelf: RubricShelf, answers: Path
) -> None:
    good = json.dumps(ANSWERS[0])
    bad = ['{"id": "x"', "[]", '{"id": "y"}', '{"id": true}', '{"a": NaN}', "\udcff"]
    answers.write_bytes("\n".join([*bad, good]).encode(errors="surrogateescape"))

    tally = run(shelf, answers)

    assert [line.line for line in tally.unreadable] == [1, 2, 3, 4, 5, 6]
    assert "not JSON" in tally.unreadable[0].reason
    assert "'candidate'" in tally.unreadable[2].reason
    assert [line["id"] for line in lines(answers)] == ["a0"]


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"question_id": "coffee"}, "unknown_question", "'coffee'"),
        ({"question_id": None}, "unknown_question", "'None'"),
        ({"answer": "x" * 20_001}, "bad_answer", "at most 20,000"),
        ({"answer": "a\ud800"}, "bad_answer", "U+D800"),
        ({"answer": None}, "bad_answer", "not text. Put it in quotes"),
    ],
)
def test_an_answer_that_cannot_be_graded_is_an_ungraded_line(
    shelf: RubricShelf, answers: Path, change: dict[str, Any], code: str, says: str
) -> None:
    answers.write_text(json.dumps({**ANSWERS[0], **change}))

    tally = run(shelf, answers)

    line = lines(answers)[0]
    assert (line["id"], line["kind"], line["code"]) == ("a0", "ungraded", code)
    assert says in line["reason"]
    assert tally.ungraded == {code: 1}


def test_grades_that_are_there_are_not_written_over(
    shelf: RubricShelf, answers: Path
) -> None:
    run(shelf, answers)

    with pytest.raises(InputError, match="--resume"):
        run(shelf, answers)
    assert len(lines(answers)) == 20


def test_resume_grades_nothing_twice(shelf: RubricShelf, answers: Path) -> None:
    run(shelf, answers)
    judge = FakeJudge(yes)
    before = out(answers).read_bytes()

    grader = Grader(judge, shelf)
    tally = asyncio.run(grade_file(grader, answers, out(answers), 4, resume=True))

    assert judge.calls == 0
    assert tally.kept == 20
    assert out(answers).read_bytes() == before


def test_resume_without_grades_starts_afresh(shelf: RubricShelf, answers: Path) -> None:
    assert run(shelf, answers, resume=True).graded == 20


def test_resume_mends_a_line_that_a_kill_tore(
    shelf: RubricShelf, answers: Path
) -> None:
    run(shelf, answers)
    whole = out(answers).read_bytes()
    out(answers).write_bytes(whole[: len(whole) // 2])

    run(shelf, answers, resume=True)

    assert [line["id"] for line in lines(answers)] == [a["id"] for a in ANSWERS]


def test_resume_grades_again_what_the_provider_was_not_there_for(
    shelf: RubricShelf, answers: Path
) -> None:
    def flaky(rubric: Rubric, answer: Answer) -> Judgement:
        if answer.text.endswith("3."):
            raise LLMUnavailable("busy")
        return yes(rubric, answer)

    first = run(shelf, answers, flaky)
    second = run(shelf, answers, resume=True)

    assert first.ungraded == {"provider_unavailable": 2}
    assert (second.kept, second.graded) == (18, 2)
    assert [line["id"] for line in lines(answers)] == [a["id"] for a in ANSWERS]
    assert {line["kind"] for line in lines(answers)} == {"grade"}


def test_a_provider_that_waiting_cannot_cure_stops_the_run_and_keeps_the_rest(
    shelf: RubricShelf, answers: Path
) -> None:
    def no_quota(rubric: Rubric, answer: Answer) -> Judgement:
        if answer.text.endswith(" 7."):
            raise LLMBlocked("no quota left")
        return yes(rubric, answer)

    tally = run(shelf, answers, no_quota)

    assert tally.stopped == "no quota left"
    assert [line["id"] for line in lines(answers)] == [f"a{n}" for n in range(7)]
    assert run(shelf, answers, resume=True).graded == 13
    assert [line["id"] for line in lines(answers)] == [a["id"] for a in ANSWERS]


def test_resume_refuses_to_mix_judges(shelf: RubricShelf, answers: Path) -> None:
    run(shelf, answers)
    other = FakeJudge(yes)
    other.name = "other"

    with pytest.raises(InputError, match=r"'fake'.*'other'"):
        asyncio.run(
            grade_file(Grader(other, shelf), answers, out(answers), 4, resume=True)
        )


@pytest.mark.parametrize("part", ["prompt_digest", "calibration_digest"])
def test_resume_refuses_to_mix_versions_of_a_judge(
    shelf: RubricShelf, answers: Path, part: str
) -> None:
    run(shelf, answers)
    before = out(answers).read_bytes()
    newer = FakeJudge(yes)
    setattr(newer, part, "c0ffee")

    with pytest.raises(InputError, match=rf"{part.replace('_', ' ')} None.*'c0ffee'"):
        asyncio.run(
            grade_file(Grader(newer, shelf), answers, out(answers), 4, resume=True)
        )
    assert out(answers).read_bytes() == before


@pytest.mark.parametrize("resume", [False, True])
def test_an_id_that_occurs_twice_is_refused_before_anything_is_written(
    shelf: RubricShelf, answers: Path, resume: bool
) -> None:
    answers.write_text("\n".join(json.dumps(ANSWERS[n]) for n in (0, 1, 0)))

    with pytest.raises(InputError, match=r"lines 1 and 3: id 'a0'"):
        run(shelf, answers, resume=resume)
    assert not out(answers).exists()


@pytest.mark.parametrize(
    "change", [{"candidate": "K8"}, {"question_id": "coffee"}, {"answer": "Wait."}]
)
def test_resume_refuses_an_id_that_stands_for_another_answer_now(
    shelf: RubricShelf, answers: Path, change: dict[str, str]
) -> None:
    run(shelf, answers)
    before = out(answers).read_bytes()[:-9]
    out(answers).write_bytes(before)
    now = [*ANSWERS[:2], {**ANSWERS[2], **change}, *ANSWERS[3:]]
    answers.write_text("".join(json.dumps(answer) + "\n" for answer in now))

    with pytest.raises(InputError, match=r"line 3: .* id 'a2' .* with --out"):
        run(shelf, answers, resume=True)
    assert out(answers).read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"answer": None}, {"answer": "a\ud800"}, {"question_id": "coffee"}]
)
def test_resume_keeps_what_could_not_be_read_as_an_answer(
    shelf: RubricShelf, answers: Path, change: dict[str, Any]
) -> None:
    answers.write_text(
        json.dumps({**ANSWERS[0], "candidate": {"b": 1, "a": 2}} | change)
    )
    run(shelf, answers)

    assert run(shelf, answers, resume=True).kept == 1


def test_resume_refuses_another_candidate_of_what_could_not_be_read(
    shelf: RubricShelf, answers: Path
) -> None:
    answers.write_text(json.dumps({**ANSWERS[0], "answer": None}))
    run(shelf, answers)
    answers.write_text(json.dumps({**ANSWERS[0], "answer": None, "candidate": "K8"}))

    with pytest.raises(InputError, match=r"line 1: .* id 'a0'"):
        run(shelf, answers, resume=True)


def test_resume_refuses_a_file_that_holds_no_grades(
    shelf: RubricShelf, answers: Path
) -> None:
    out(answers).write_text("my notes\n")

    with pytest.raises(InputError, match="line 1 is not a grade"):
        run(shelf, answers, resume=True)
    assert out(answers).read_text() == "my notes\n"


def test_csv_is_read_with_its_line_breaks_and_quotes(
    shelf: RubricShelf, answers: Path
) -> None:
    path = answers.with_suffix(".csv")
    path.write_text(
        "\ufeffid;candidate;question_id;answer;round\n"
        'a1;K7;tea;"Boil;\nthen ""wait""";2\n\n'
        "a2;K7;tea\n"
        "a3;K7;tea;Boil.;1\n",
        encoding="utf-8",
    )

    tally = run(shelf, path)

    assert [(line["id"], line["round"]) for line in lines(path)] == [
        ("a1", "2"),
        ("a3", "1"),
    ]
    assert [line.line for line in tally.unreadable] == [5]
    evidence = lines(path)[0]["findings"][0]["evidence"][0]
    assert evidence["text"] == "Boil;"


def test_a_csv_without_a_needed_column_is_refused_with_what_it_has(
    shelf: RubricShelf, answers: Path
) -> None:
    path = answers.with_suffix(".csv")
    path.write_text("id,candidate,question,answer\na1,K7,tea,Boil.\n")

    with pytest.raises(InputError, match=r"no column 'question_id'.*'question'"):
        run(shelf, path)
    assert not out(path).exists()


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("id,candidate,question_id,answer,answer", "2 columns 'answer'"),
        ("id,candidate,question_id,answer,gr\udcf6\udcdfe", "header that is not UTF-8"),
        ('id,candidate,question_id,"answer', "line 1 is not CSV: a quote that opens"),
    ],
    ids=["twice", "latin-1", "open quote"],
)
def test_a_csv_whose_header_cannot_be_used_is_refused(
    shelf: RubricShelf, answers: Path, header: str, says: str
) -> None:
    path = answers.with_suffix(".csv")
    path.write_text(f"{header}\na1,K7,tea,Boil.,x\n", errors="surrogateescape")

    with pytest.raises(InputError, match=says):
        run(shelf, path)
    assert not out(path).exists()


def test_a_row_of_a_csv_that_is_not_utf_8_is_named_and_the_rest_is_graded(
    shelf: RubricShelf, answers: Path
) -> None:
    path = answers.with_suffix(".csv")
    path.write_bytes(
        b"\xef\xbb\xbfid,candidate,question_id,answer\n"
        b"a1,K7,tea,Boil.\na2,K7,tea,Boil \xe9.\na3,K\xc3\xa9,tea,Boil.\n"
    )

    tally = run(shelf, path)

    assert [(line["id"], line["candidate"]) for line in lines(path)] == [
        ("a1", "K7"),
        ("a3", "K\u00e9"),
    ]
    assert [line.line for line in tally.unreadable] == [3]
    assert "not UTF-8" in tally.unreadable[0].reason


@pytest.mark.parametrize(
    ("row", "opens"),
    [
        ('a2,K7,tea,"Boil.\na3,K7,tea,Boil.\n', 3),
        ('a2,K7,tea,"Boil.\n\n', 3),
        ('a2,"K\n7",tea,"Boil.\na3,K7,tea,Boil.', 4),
        ('a2,"K\r\n7",5" tea,"', 4),
    ],
)
def test_a_quote_that_is_never_closed_is_named_with_its_line(
    shelf: RubricShelf, answers: Path, row: str, opens: int
) -> None:
    path = answers.with_suffix(".csv")
    text = f"id,candidate,question_id,answer\na1,K7,tea,Boil.\n{row}"
    path.write_bytes(text.encode())

    tally = run(shelf, path)

    assert [line["id"] for line in lines(path)] == ["a1"]
    assert [(line.line, line.reason) for line in tally.unreadable] == [
        (
            3,
            f"is not CSV: a quote that opens on line {opens} is never closed; "
            "nothing after it was read",
        )
    ]


def test_rows_that_a_stray_quote_swallowed_are_named(
    shelf: RubricShelf, answers: Path
) -> None:
    path = answers.with_suffix(".csv")
    path.write_text(
        "id,candidate,question_id,answer\n"
        'a1,K7,tea,"Boil.\na2,K7,tea,"Boil."\na3,K7,tea,Boil.\n'
    )

    tally = run(shelf, path)

    assert [line["id"] for line in lines(path)] == ["a3"]
    assert [line.line for line in tally.unreadable] == [2]
    assert "nothing up to line 3 was read" in tally.unreadable[0].reason


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("name", "text"), [("a.csv", "id,"), ("a.jsonl", "{}")])
def test_a_file_in_utf_16_is_refused_with_the_next_step(
    shelf: RubricShelf, tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))

    with pytest.raises(InputError, match="Save it as UTF-8"):
        run(shelf, path)
    assert not out(path).exists()


@pytest.mark.parametrize("resume", [False, True])
def test_answers_that_are_not_there_leave_no_file_of_grades(
    shelf: RubricShelf, tmp_path: Path, resume: bool
) -> None:
    absent = tmp_path / "absent.jsonl"

    with pytest.raises(InputError, match="no file of answers"):
        run(shelf, absent, resume=resume)
    assert not out(absent).exists()


def test_a_killed_run_loses_nothing_and_grades_nothing_twice(
    shelf: RubricShelf, tmp_path: Path
) -> None:
    answers = tmp_path / "many.jsonl"
    many = [{**ANSWERS[0], "id": n} for n in range(3000)]
    answers.write_text("".join(json.dumps(answer) + "\n" for answer in many))
    program = f"""
import asyncio
from pathlib import Path
from grader.batch import grade_file
from grader.grading import Grader
from grader.rubric_files import RubricShelf
from tests.judgements import MET, FakeJudge, judged
class Counting(FakeJudge):
    async def judge(self, rubric, answer):
        with open({str(tmp_path / "calls")!r}, "ab") as file:
            file.write(b"x")
        return await super().judge(rubric, answer)
judge = Counting(lambda r, a: judged(r, (MET,), answer=a))
grader = Grader(judge, RubricShelf(Path({str(shelf.folder)!r})))
paths = Path({str(answers)!r}), Path({str(out(answers))!r})
asyncio.run(grade_file(grader, *paths, 4, True))
"""
    root = Path(__file__).parent.parent
    kills = 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        grown = out(answers).stat().st_size if out(answers).exists() else 0
        while process.poll() is None:
            size = out(answers).stat().st_size if out(answers).exists() else 0
            if size > grown + 200_000:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
            time.sleep(0.002)
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
    )

    assert kills
    assert [line["id"] for line in lines(answers)] == list(range(3000))
    # What was in flight when the run was killed may be judged once more.
    assert (tmp_path / "calls").stat().st_size <= 3000 + kills * 4 * 5
