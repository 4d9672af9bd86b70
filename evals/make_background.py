"""Choose passages that every head learns to reject.

    python -m evals.make_background

Writes `grader/judges/background.npz`: the vectors of some examples of each question
that comes with the package, which are about another question for all the others, and
of `generic_passages.txt`, which answer no question at all. Run it again, and then
`grader fit --all`, when examples or encoder change.
"""

from collections.abc import Iterable
from pathlib import Path

from grader.judges.encoder import Encoder
from grader.judges.heads import save_background
from grader.rubric import Rubric
from grader.settings import Settings
from grader.wiring import open_shelf

PER_PART = 2
"""Passages taken of each part: as many that meet it as do not."""


def main() -> None:
    """Take passages evenly, and say how many."""
    passages = chosen(open_shelf(Settings()).rubrics())
    save_background(passages, Encoder(threads=2))
    print(f"{len(passages)} passages")


def chosen(rubrics: Iterable[Rubric]) -> list[tuple[str, str]]:
    """Pairs of question id, or nothing, and passage."""
    generic = Path(__file__).with_name("generic_passages.txt").read_text().splitlines()
    passages = [("", text) for text in generic]
    for rubric in rubrics:
        for part in rubric.parts:
            for met in (True, False):
                texts = [e.text for e in part.examples if e.met is met]
                passages += [(rubric.question.id, t) for t in texts[: PER_PART // 2]]
    return passages


if __name__ == "__main__":
    main()
