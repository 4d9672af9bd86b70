"""What the llm judge sends: a rubric as instructions, an answer as fenced material."""

from collections import Counter
from collections.abc import Iterable, Sequence

from grader.answer import Answer
from grader.llm.base import Prompt
from grader.prompt_files import PromptTemplate
from grader.rubric import Criterion, Example, RedFlag, Rubric

SHOWN = 2
"""At most this many examples that meet a requirement, and as many that do not."""
_TELLING = ("near_miss", "opposite")
"""The types of example that teach most, taken first."""


def prompt_for(template: PromptTemplate, rubric: Rubric, answer: Answer) -> Prompt:
    """Instructions that are the same for every candidate, and the answer alone."""
    return Prompt(instructions(template, rubric), fence(answer))


def instructions(template: PromptTemplate, rubric: Rubric) -> str:
    """The rubric in words: no points, no caps, nobody's answer."""
    return template.fill(
        question=rubric.question.text,
        strong_answer=rubric.strong_answer,
        criteria="\n".join(_criterion(c) for c in rubric.criteria),
        red_flags="\n".join(_red_flag(f) for f in rubric.red_flags) or "(none)",
    )


def fence(answer: Answer) -> str:
    """Put the numbered sentences between tags that the answer cannot forge.

    The tag carries a hash of the answer, so closing it early would take an answer
    that contains its own hash. It is also the same on every run, so replies can be
    recorded and replayed. No sentence can begin a line of its own making.
    """
    mark = answer.digest[:32]
    lines = (
        f"[{sentence.number}] {_line(sentence.safe)}" for sentence in answer.sentences
    )
    body = "\n".join(lines)
    return f'<answer id="{mark}">\n{body}\n</answer id="{mark}">'


def balanced(examples: Sequence[Example]) -> tuple[Example, ...]:
    """A few examples, as many that meet the requirement as do not, always the same.

    Of each kind one per type first, the telling types before the others.
    """
    kinds = [[e for e in examples if e.met is met] for met in (True, False)]
    shown = min(SHOWN, *map(len, kinds))
    return tuple(e for kind in kinds for e in _varied(kind)[:shown])


def _varied(examples: Iterable[Example]) -> list[Example]:
    seen: Counter[str] = Counter()
    ranked = []
    for example in examples:
        ranked.append((seen[example.type], example.type not in _TELLING, example))
        seen[example.type] += 1
    return [example for *_, example in sorted(ranked, key=lambda one: one[:2])]


def _criterion(criterion: Criterion) -> str:
    lines = [f"- {criterion.id}: {_line(criterion.requirement)}"]
    for example in balanced(criterion.examples):
        lines.append(f"  {'met' if example.met else 'unmet'}: {_line(example.text)}")
    return "\n".join(lines)


def _red_flag(flag: RedFlag) -> str:
    lines = [f"- {flag.id} (kind {flag.kind.value!r}): {_line(flag.statement)}"]
    for example in balanced(flag.examples):
        lines.append(
            f"  {'seen' if example.met else 'not seen'}: {_line(example.text)}"
        )
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())
