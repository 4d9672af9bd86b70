import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.answer import read_answer
from grader.cli.main import main
from grader.grade import ReviewReason
from grader.rubric import Rubric
from tests.judgements import MET, PARTIAL, UNMET, judged
from tests.scorecard.lines import TEXT, grade, line, rubrics_at_hand, ungraded, write

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `grader scorecard` on lines; gives exit code, standard output and error."""

    def with_lines(lines: list[Any], *options: str) -> tuple[int, str, str]:
        grades = write(tmp_path / "grades.jsonl", lines)
        folder = str(tmp_path / "rubrics")
        with pytest.raises(SystemExit) as ended:
            main(["scorecard", str(grades), "--rubrics", folder, *options])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return with_lines


@pytest.fixture
def tea(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rubric:
    monkeypatch.setenv("COLUMNS", "100")
    found = rubrics_at_hand(tmp_path / "rubrics").find("tea")
    assert found is not None
    return found


@pytest.fixture
def lines(tea: Rubric) -> list[dict[str, Any]]:
    some = judged(tea, (MET, PARTIAL, UNMET), ("microwave",), read_answer(TEXT))
    flagged = (ReviewReason.RED_FLAG,)
    return [
        line("Ana", "tea", grade(tea)),
        line("Ana", "mate", grade(tea)),
        line("Ben", "tea", grade(tea, some, flagged)),
        line("Chi", "tea", ungraded()),
        line("Chi", "mate", grade(tea)),
    ]


def test_several_candidates_are_ranked_and_each_is_shown(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    code, out, err = run(lines)

    assert (code, err) == (0, "")
    assert "It recommends; a person decides. Judged by fake, version 9.9." in out
    rows = [row.split() for row in out.splitlines()]
    ana = next(row for row in rows if row[:3] == ["1", "Ana", "100"])
    assert ana[-4:] == ["strong", "strong", "0", "0"]
    assert any(row[:3] == ["1", "Chi", "*"] for row in rows)
    assert any(row[:3] == ["2", "Ben", "17"] for row in rows)
    assert "Look at these first" in out


def test_one_candidate_has_strengths_gaps_flags_and_questions_to_ask(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    _, out, _ = run(lines, "--candidate", "Ben")

    assert "Tier" not in out
    assert "Not answered, counts 0: How do you make mate?" in out
    assert "⚑ Puts the cup into a microwave oven. It caps this answer. [tea]" in out
    assert "✓ Says that the water must be freshly boiled. [tea]\n    “Boil the" in out
    assert "○ Not seen: Says that the leaves are taken out. [tea]" in out
    assert "Would you still say: “Boil the water.”" in out
    assert "look: red flag" in out


def test_what_has_no_score_is_named_with_its_reason(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    _, out, _ = run(lines, "--candidate", "Chi")

    assert "Provisional, no score: How do you make tea?: the model is out" in out


def test_nothing_scored_is_said_and_is_no_zero(run: Run, tea: Rubric) -> None:
    code, out, _ = run([line("Chi", "tea", ungraded())])

    assert code == 0
    assert "No answer could be scored yet." in out
    assert " 0 of 100" not in out


def test_a_mix_of_judges_and_of_rubrics_is_said(run: Run, tea: Rubric) -> None:
    newer = tea.model_copy(update={"digest": "f" * 64})

    _, out, _ = run(
        [
            line("Ana", "tea", grade(tea)),
            line("Ben", "tea", grade(newer, made="other")),
        ]
    )

    said = " ".join(out.split())
    assert "Several judges or versions made these: compare with care." in said
    assert "more than one version of the rubric: tea." in said


def test_what_an_unreadable_line_may_have_held_makes_a_result_provisional(
    run: Run, tea: Rubric
) -> None:
    made = [line("Ana", "tea", grade(tea)), line("Ben", "mate", grade(tea)), "{"]

    _, out, _ = run(made, "--candidate", "Ana")

    assert "an unanswered question may be on an unreadable line" in out


def test_many_unreadable_lines_are_named_in_part_and_counted(
    run: Run, tea: Rubric
) -> None:
    _, _, err = run([line("Ana", "tea", grade(tea)), *["{"] * 25])

    assert err.count("is not JSON") == 20
    assert "... and 5 more lines" in err


def test_of_a_very_big_file_the_order_is_cut_and_says_so(run: Run, tea: Rubric) -> None:
    made = grade(tea)

    _, out, _ = run([line(f"P{n}", "tea", made) for n in range(203)])

    assert "... and 3 more; --json has them all" in out


def test_of_a_big_file_only_the_order_is_shown(run: Run, tea: Rubric) -> None:
    made = grade(tea)

    code, out, _ = run([line(f"Person {n:03}", "tea", made) for n in range(100)])

    assert code == 0
    assert "--candidate 'Person 000'" in out
    assert "Person 099" in out
    assert "Strengths" not in out


def test_an_unknown_candidate_is_one_line_with_names_like_it(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    code, out, err = run(lines, "--candidate", "Bem")

    assert (code, out) == (1, "")
    assert err.startswith("grader: there is no candidate 'Bem'")
    assert err.rstrip().endswith("did you mean 'Ben'?")


def test_unreadable_lines_are_named_the_rest_is_shown_and_the_exit_is_1(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    code, out, err = run([*lines, "{half a line"])

    assert code == 1
    assert "grades.jsonl, line 6 is not JSON" in err
    assert "Ana" in out


def test_a_second_grade_is_named_and_no_error(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    code, _, err = run([*lines, lines[0]])

    assert code == 0
    assert "line 6: 'Ana' was graded before for 'tea'; the first grade counts" in err


def test_json_has_everybody_for_programs(run: Run, lines: list[dict[str, Any]]) -> None:
    _, out, _ = run(lines, "--json")

    found = json.loads(out)
    assert [c["candidate"] for c in found["candidates"]] == ["Ana", "Chi", "Ben"]
    ben = found["candidates"][2]
    assert ben["standing"]["mean"] == 17
    assert ben["unanswered"] == ["mate"]
    assert ben["graded"][0]["capped_by"] == "microwave"
    assert "offset" not in ben["graded"][0]
    assert "card" not in ben
    assert [q["id"] for q in found["asked"]] == ["tea", "mate"]


def test_json_of_one_candidate_has_the_card_too(
    run: Run, lines: list[dict[str, Any]]
) -> None:
    _, out, _ = run(lines, "--json", "--candidate", "Ben")

    (ben,) = json.loads(out)["candidates"]
    assert ben["card"]["strengths"][0]["quotes"] == ["Boil the water."]
    assert ben["card"]["ask"]


def test_a_page_is_written_beside_what_is_shown(
    run: Run, lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    page = tmp_path / "out.html"

    code, out, err = run(lines, "--html", str(page))

    assert code == 0
    assert "Ana" in out
    assert f"{page}: written" in err
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_what_a_terminal_would_obey_is_not_printed(run: Run, tea: Rubric) -> None:
    names = ["Eve\x1b[31m\u202e", "[bold]x[/bold]", "\ud800y"]

    code, out, err = run([line(name, "tea\x07", grade(tea)) for name in names])

    assert code == 0
    assert all(c.isprintable() or c == "\n" for c in out + err)
    assert "[bold]x[/bold]" in out


def test_a_narrow_terminal_still_gets_names_and_numbers(
    run: Run, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    _, out, _ = run(lines)

    assert max(map(len, out.splitlines())) <= 60
    assert any(row.split()[:3] == ["1", "Ana", "100"] for row in out.splitlines())
