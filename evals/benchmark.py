"""How fast and how large: printed beside something run on the same machine.

    python -m evals.benchmark

Not a gate: figures of a busy machine mean little. Ratios travel better.
"""

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evals.labelled import read_examples
from grader.answer import Answer, read_answer
from grader.batch import Tally, grade_file
from grader.grading import Grader, grade_answer
from grader.judgement import Finding, Judgement, Sighting, Verdict
from grader.rubric import Rubric
from grader.settings import Settings
from grader.wiring import build

QUESTION = "drift"
"""A question with six criteria."""
WORDS = 200


def main() -> None:
    """Measure and print."""
    start_up()
    one_answer()
    files()
    many_answers()


def cpu(*command: str) -> float:
    """Seconds of CPU that a command takes, the least of five."""
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        )
    return min(taken)


def start_up() -> None:
    """`grader --help` and `import grader`, beside Python that does nothing."""
    nothing = cpu(sys.executable, "-c", "pass")
    help = cpu(
        sys.executable, "-c", "from grader.cli.main import main; main(['--help'])"
    )
    imported = cpu(sys.executable, "-c", "import grader; grader.Settings; grader.build")
    print(f"python -c pass        {nothing:6.3f} s CPU")
    print(f"grader --help         {help:6.3f} s CPU  ({help / nothing:.0f}x)")
    print(f"import grader, names  {imported:6.3f} s CPU  ({imported / nothing:.0f}x)")


def text_of(words: int, salt: str = "") -> str:
    """Labelled answers run together, cut to so many words."""
    texts = [e.answer for e in read_examples() if e.question_id == QUESTION]
    return " ".join((salt + " " + " ".join(texts)).split()[:words])


def one_answer() -> None:
    """A whole grade of the local judge on one core, beside its encoder alone."""
    grader = build(Settings())
    rubric = grader.shelf.rubric(QUESTION)
    answer = read_answer(text_of(WORDS))
    from grader.judges.encoder import Encoder

    encoder = Encoder()
    texts = [sentence.safe for sentence in answer.sentences]

    def grade() -> None:
        asyncio.run(grade_answer(grader.judge, rubric, answer))

    whole, alone = p50(grade), p50(lambda: encoder.encode(texts))
    print(
        f"local judge, {WORDS} words, {len(rubric.criteria)} criteria, 1 thread: "
        f"p50 {whole:.1f} ms ({whole / alone:.2f}x its encoder alone)"
    )


def p50(work: Callable[[], object], times: int = 30) -> float:
    """Milliseconds, the median of several runs after a warm one."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def files() -> None:
    """`grade-file` with the local judge, in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        answers, grades = (
            Path(scratch) / "answers.jsonl",
            Path(scratch) / "grades.jsonl",
        )
        write_answers(answers, 200)
        program = (
            "from grader.cli.main import main; import resource, sys\n"
            f"try: main(['grade-file', {str(answers)!r}, '--out', {str(grades)!r}])\n"
            "except SystemExit: pass\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
        )
        began = time.perf_counter()
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        seconds = time.perf_counter() - began
    print(
        f"grade-file, 200 answers of {WORDS} words, {os.cpu_count()} cores: "
        f"{200 / seconds:.1f}/s, start included; {ran.stdout.split()[-1]} MB at most"
    )


def write_answers(path: Path, count: int) -> None:
    """Answers that differ in their first words."""
    text = text_of(WORDS)
    with path.open("w") as file:
        for number in range(count):
            fields = {"id": number, "candidate": f"C{number % 50}"}
            fields |= {"question_id": QUESTION, "answer": f"Number {number}. {text}"}
            file.write(json.dumps(fields) + "\n")


class Trivial:
    """Says no to everything at once: what is left is the pipeline's own cost."""

    name = "trivial"
    prompt = prompt_digest = calibration_digest = None

    async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        """Nothing is met."""
        return Judgement(
            findings=tuple(
                Finding(criterion_id=c.id, verdict=Verdict.UNMET, probability=0.1)
                for c in rubric.criteria
            ),
            sightings=tuple(
                Sighting(red_flag_id=f.id, seen=False, probability=0.1)
                for f in rubric.red_flags
            ),
        )


def many_answers() -> None:
    """100,000 short answers, and the memory and time at each tenth."""
    grader = Grader(Trivial(), build(Settings()).shelf)
    with tempfile.TemporaryDirectory() as scratch:
        answers, grades = (
            Path(scratch) / "answers.jsonl",
            Path(scratch) / "grades.jsonl",
        )
        with answers.open("w") as file:
            for number in range(100_000):
                fields = {"id": number, "candidate": f"C{number % 50}"}
                fields |= {"question_id": QUESTION, "answer": "It drifts. We watch."}
                file.write(json.dumps(fields) + "\n")
        began = time.perf_counter()

        def progress(tally: Tally) -> None:
            if tally.done in (10_000, 50_000, 100_000):
                seconds = time.perf_counter() - began
                print(
                    f"{tally.done:7} answers, trivial judge: {seconds:6.1f} s, "
                    f"{resident()} MB resident"
                )

        asyncio.run(grade_file(grader, answers, grades, 2, False, progress))


def resident() -> int:
    """Megabytes of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


if __name__ == "__main__":
    main()
