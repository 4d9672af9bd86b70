import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from evals.__main__ import main
from evals.labelled import FOLDER, LabelledExample, Split, read_examples
from evals.run import BASELINE, FIGURES, Report, below_baseline, compare, show
from grader.answer import Answer
from grader.errors import ContentError, UnsupportedLanguage
from grader.grading import Grader
from grader.judgement import Finding, Judgement, Sighting, Verdict, cite
from grader.rubric import Rubric
from grader.rubric_files import RubricShelf
from tests.judgements import MET, UNMET, FakeJudge

RUBRIC = """
id = "{id}"
version = 1
topic = "kitchen"
level = "junior"
question = "How do you make {id}?"
strong_answer = "With heat and patience."

[[criteria]]
id = "heat"
requirement = "Says that it is heated."
points = 6

[[criteria]]
id = "wait"
requirement = "Says that one has to wait."
points = 4

[[red_flags]]
id = "microwave"
statement = "Puts it into the microwave."
kind = "states"
cap = 0.34
"""
SAID = {
    # answer: the probabilities of heat, wait and microwave
    "both": (0.9, 0.9, 0.1),
    "neither": (0.2, 0.2, 0.1),
    "wrongly": (0.6, 0.2, 0.4),
    "flagged": (0.9, 0.1, 0.8),
}


def said(rubric: Rubric, answer: Answer) -> Judgement:
    if answer.text not in SAID:
        raise UnsupportedLanguage(f"cannot read {answer.text!r}")
    *met, flagged = SAID[answer.text]
    return Judgement(
        findings=tuple(
            Finding(
                criterion_id=c.id,
                verdict=MET if p >= 0.5 else UNMET,
                probability=p,
                evidence=cite(answer, [1]) if p >= 0.85 else (),
            )
            for c, p in zip(rubric.criteria, met, strict=True)
        ),
        sightings=(
            Sighting(red_flag_id="microwave", seen=flagged >= 0.5, probability=flagged),
        ),
    )


@pytest.fixture
def grader(tmp_path: Path) -> Grader:
    for id in ("tea", "toast"):
        path = tmp_path / "rubrics" / "kitchen" / "junior" / id / "v1.toml"
        path.parent.mkdir(parents=True)
        path.write_text(RUBRIC.format(id=id))
    return Grader(judge=FakeJudge(said), shelf=RubricShelf(tmp_path / "rubrics"))


def example(
    question_id: str,
    answer: str,
    labels: tuple[Verdict, Verdict, bool],
    grade: int,
    split: Split = "test",
) -> LabelledExample:
    heat, wait, microwave = labels
    return LabelledExample(
        id=f"{question_id}-{answer}",
        question_id=question_id,
        answer=answer,
        kind="made up",
        split=split,
        verdicts={"heat": heat, "wait": wait},
        red_flags={"microwave": microwave},
        grade=grade,
        labellers=("somebody",),
    )


EXAMPLES = (
    example("tea", "both", (MET, MET, False), 4),  # labels 100%, judge 100% strong
    example("tea", "neither", (MET, UNMET, False), 3),  # labels 60%, judge 0% none
    example("toast", "wrongly", (UNMET, UNMET, True), 0),  # labels 0%, judge 60% good
    example("toast", "flagged", (MET, UNMET, True), 1),  # both 60%, capped to 34% weak
)


def compared(grader: Grader, examples: Iterable[LabelledExample] = EXAMPLES) -> Report:
    return asyncio.run(compare(grader, "test", list(examples)))


def written(folder: Path, examples: Iterable[LabelledExample]) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [example.model_dump_json() for example in examples]
    (folder / "examples.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def promised(folder: Path, judge: str, **figures: float) -> Path:
    path = folder / "baseline.json"
    named = {name.replace("_", " "): worst for name, worst in figures.items()}
    path.write_text(json.dumps({judge: named}))
    return path


def flipped(example: LabelledExample) -> LabelledExample:
    other = {MET: UNMET, UNMET: MET, Verdict.PARTIAL: MET}
    return example.model_copy(
        update={"verdicts": {id: other[v] for id, v in example.verdicts.items()}}
    )


# --- the figures -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("met agreement", 6 / 8, 8),
        ("met majority baseline", 4 / 8, 8),
        ("met kappa", (0.75 - 0.5) / (1 - 0.5), 8),
        ("met precision", 3 / 4, 8),
        ("met recall", 3 / 4, 8),
        # Three 0.9 beat all four others; 0.2 beats 0.1, ties twice, loses to 0.6.
        ("met AUC", (3 * 4 + 1 + 2 * 0.5) / 16, 8),
        ("met ECE", (3 * 0.1 + 3 * (1 / 3 - 0.2) + 0.6 + 0.1) / 8, 8),
        ("met Brier", (3 * 0.01 + 0.64 + 2 * 0.04 + 0.36 + 0.01) / 8, 8),
        ("flag precision", 1.0, 4),
        ("flag recall", 0.5, 4),
        ("flag AUC", 1.0, 4),
        ("flag F1", 2 / 3, 4),
        ("percent rank correlation", 1 - 6 * (0 + 4 + 4 + 0) / (4 * 15), 4),
        # Bands 4, 0, 3, 1 beside 4, 3, 0, 1: 18 / 4 apart, 5 expected by chance.
        ("grade QWK", 1 - (18 / 4) / 5, 4),
        ("expected rank correlation", 1 - 6 * (0 + 4 + 1 + 1) / (4 * 15), 4),
        ("percent MAE", (0 + 60 + 60 + 0) / 4, 4),
        ("percent bias", (0 - 60 + 60 + 0) / 4, 4),
    ],
)
def test_a_figure_by_hand(grader: Grader, name: str, value: float, n: int) -> None:
    figure = compared(grader).figures[name]

    assert figure.value == pytest.approx(value)
    assert figure.n == n


def test_what_only_some_answers_show_is_counted_on_those(grader: Grader) -> None:
    plain = example("tea", "both", (MET, MET, False), 4)
    warns = plain.model_copy(update={"kind": "warns"})
    taken_for_one = example("tea", "flagged", (MET, UNMET, False), 3).model_copy(
        update={"kind": "warns"}
    )
    empty = example("toast", "wrongly", (UNMET, UNMET, False), 1).model_copy(
        update={"kind": "keyword_list"}
    )
    good_after_all = empty.model_copy(update={"grade": 3})
    pointed = plain.model_copy(update={"evidence": {"heat": (1,), "wait": (2,)}})

    figures = compared(
        grader, (plain, warns, taken_for_one, empty, good_after_all, pointed)
    ).figures

    warned = figures["warning taken for a red flag"]
    assert (warned.value, warned.n) == (0.5, 2)
    talk = figures["empty talk in band good or strong"]
    assert (talk.value, talk.n) == (1.0, 1)
    cited = figures["cited sentence is one of the labeller's"]
    assert (cited.value, cited.n) == (0.5, 2)


def test_what_is_far_off_counts_among_what_nobody_reviews(grader: Grader) -> None:
    sure = example("tea", "both", (MET, MET, False), 4)
    far_off = sure.model_copy(update={"grade": 1})

    figure = compared(grader, (sure, sure, far_off)).figures[
        "band off by more than one, not sent to review"
    ]

    assert figure.value == pytest.approx(1 / 3)
    assert figure.n == 3


def test_a_report_says_what_it_is_about(grader: Grader) -> None:
    report = compared(grader)

    assert (report.judge, report.split) == ("fake", "test")
    assert (report.answers, report.questions) == (4, 2)
    assert report.labellers == ("somebody",)
    assert report.ungraded == ()
    assert set(report.figures) == set(FIGURES)


def test_an_interval_is_drawn_by_question(grader: Grader) -> None:
    bias = compared(grader).figures["percent bias"]

    # The mean is -30 over the answers about tea, and 30 over those about toast.
    assert [bias.low, bias.high] == pytest.approx([-30, 30])


def test_with_one_question_there_is_nothing_to_draw(grader: Grader) -> None:
    figure = compared(grader, EXAMPLES[:2]).figures["met agreement"]

    assert figure.low == figure.value == figure.high == pytest.approx(3 / 4)


def test_an_ungraded_answer_is_listed_and_counts_in_no_figure(grader: Grader) -> None:
    stray = example("toast", "unreadable", (MET, MET, False), 4)

    report = compared(grader, (*EXAMPLES, stray))

    assert report.ungraded == ("toast-unreadable: cannot read 'unreadable'",)
    assert report.answers == 5
    assert report.figures == compared(grader).figures
    assert "ungraded: 1\n  toast-unreadable: cannot read" in show(report)


def test_when_nothing_could_be_graded_no_figure_is_made_up(grader: Grader) -> None:
    report = compared(grader, [example("tea", "unreadable", (MET, MET, False), 4)])

    assert {(f.value, f.low, f.high, f.n) for f in report.figures.values()} == {
        (None, None, None, 0)
    }
    assert "none" in show(report)


def test_the_text_of_a_report_has_every_value_with_its_interval_and_n(
    grader: Grader,
) -> None:
    lines = show(compared(grader)).splitlines()

    assert lines[0] == (
        "4 answers to 2 questions, split 'test', judge 'fake', labelled by somebody"
    )
    assert "95% interval" in lines[1]
    bias = next(line for line in lines if line.startswith("percent bias"))
    assert bias.split()[2:] == ["0.000", "-30.000", "to", "30.000", "4"]
    assert [line.split("  ")[0] for line in lines[2:-1]] == list(FIGURES)
    assert lines[-1] == "ungraded: 0"


# --- labels that do not fit --------------------------------------------------------


@pytest.mark.parametrize("field", ["verdicts", "red_flags"])
def test_a_label_for_what_is_not_in_the_rubric_is_named(
    grader: Grader, field: str
) -> None:
    labels = {**getattr(EXAMPLES[0], field), "made-up": MET}
    wrong = EXAMPLES[0].model_copy(update={field: labels})

    with pytest.raises(ContentError, match=r"'tea-both'.*'made-up'.*'tea'"):
        compared(grader, [wrong])


@pytest.mark.parametrize(
    ("field", "named"), [("verdicts", "heat"), ("red_flags", "microwave")]
)
def test_a_label_that_is_missing_is_named(
    grader: Grader, field: str, named: str
) -> None:
    wrong = EXAMPLES[0].model_copy(update={field: {}})

    with pytest.raises(ContentError, match=rf"'tea-both' has no label for '{named}'"):
        compared(grader, [wrong])


# --- what was promised -------------------------------------------------------------


def test_figures_at_least_as_good_as_promised_are_no_problem(
    grader: Grader, tmp_path: Path
) -> None:
    path = promised(tmp_path, "fake", met_kappa=0.4, met_ECE=0.2, percent_MAE=31)

    assert below_baseline(compared(grader), path) == []


@pytest.mark.parametrize(
    ("name", "worst", "limit"),
    [
        ("met_kappa", 0.51, "at least 0.51"),
        ("met_ECE", 0.1, "at most 0.1"),
        ("met_Brier", 0.1, "at most 0.1"),
        ("percent_MAE", 29.9, "at most 29.9"),
    ],
)
def test_a_figure_worse_than_promised_is_named(
    grader: Grader, tmp_path: Path, name: str, worst: float, limit: str
) -> None:
    path = promised(tmp_path, "fake", flag_AUC=0.9, **{name: worst})

    (problem,) = below_baseline(compared(grader), path)

    assert problem.startswith(f"{name.replace('_', ' ')} is ")
    assert problem.endswith(f"promised is {limit}")


def test_flipped_labels_break_the_promise(grader: Grader, tmp_path: Path) -> None:
    path = promised(tmp_path, "fake", met_kappa=0.4)

    report = compared(grader, map(flipped, EXAMPLES))

    assert report.figures["met kappa"].value == pytest.approx(-0.5)
    assert len(below_baseline(report, path)) == 1


def test_a_figure_that_could_not_be_had_breaks_the_promise(
    grader: Grader, tmp_path: Path
) -> None:
    path = promised(tmp_path, "fake", met_kappa=0.4)
    report = compared(grader, [example("tea", "unreadable", (MET, MET, False), 4)])

    assert below_baseline(report, path) == [
        "met kappa is None, promised is at least 0.4"
    ]


def test_a_promise_for_another_judge_does_not_count(
    grader: Grader, tmp_path: Path
) -> None:
    assert below_baseline(compared(grader), promised(tmp_path, "llm", met_AUC=1)) == []


def test_a_promise_about_no_figure_is_an_error(grader: Grader, tmp_path: Path) -> None:
    path = promised(tmp_path, "fake", met_kapa=0.4)

    with pytest.raises(ContentError, match="no figure 'met kapa'"):
        below_baseline(compared(grader), path)


@pytest.mark.parametrize("content", [None, "{", "\xff"])
def test_a_baseline_that_cannot_be_read_is_named(
    grader: Grader, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content, encoding="latin-1")

    with pytest.raises(ContentError, match=r"baseline\.json"):
        below_baseline(compared(grader), path)


def test_the_projects_own_baseline_names_figures_that_there_are() -> None:
    kept = json.loads(BASELINE.read_text())

    assert set(kept) == {"local"}
    assert set(kept["local"]) <= set(FIGURES)


# --- the command -------------------------------------------------------------------


@pytest.fixture(scope="module")
def some() -> list[LabelledExample]:
    """A few answers of the package, with the real rubrics."""
    listed = [e for e in read_examples(FOLDER) if e.question_id == "overfitting"]
    return [e for e in listed if e.split != "test" and e.grade in (0, 1, 4)][:8]


def command(folder: Path, baseline: Path, split: str = "test") -> int:
    given = ["--examples", str(folder), "--baseline", str(baseline), "--split", split]
    return main(["run", *given])


def test_the_command_prints_a_report_and_exits_with_0(
    some: list[LabelledExample], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = [e.model_copy(update={"split": "test"}) for e in some]
    folder = written(tmp_path / "examples", moved)

    code = command(folder, promised(tmp_path, "local", met_agreement=0.6))

    assert code == 0
    out, err = capsys.readouterr()
    assert f"{len(some)} answers to 1 questions, split 'test', judge 'local'" in out
    assert err == ""


def test_the_command_exits_with_1_and_names_what_fell_when_labels_are_flipped(
    some: list[LabelledExample], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = [flipped(e).model_copy(update={"split": "test"}) for e in some]
    folder = written(tmp_path / "examples", moved)

    code = command(folder, promised(tmp_path, "local", met_agreement=0.6))

    assert code == 1
    assert "evals: met agreement is 0." in capsys.readouterr().err


def test_the_command_names_a_split_that_has_no_examples(
    some: list[LabelledExample], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "examples", some)

    code = command(folder, BASELINE, split="test")

    assert code == 1
    assert (
        f"no labelled examples of split 'test' in {folder}" in capsys.readouterr().err
    )


def test_the_command_names_a_line_that_is_no_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.jsonl").write_text("{}")

    code = command(tmp_path, BASELINE)

    assert code == 1
    assert "wrong.jsonl, line 1" in capsys.readouterr().err
