"""The list of questions, as programs and pages show it."""

from grader.rubric import Frozen, Level, Rubric
from grader.rubric_files import RubricShelf


class QuestionRow(Frozen):
    """One question that answers can be graded for, without what is looked for."""

    id: str
    text: str
    level: Level
    topic: str
    rubric_version: int
    has_examples: bool


def question_rows(shelf: RubricShelf) -> tuple[QuestionRow, ...]:
    """Every question, in the shelf's order. Raises `RubricError` for a bad file."""
    return tuple(_row(rubric) for rubric in shelf.rubrics())


def _row(rubric: Rubric) -> QuestionRow:
    question = rubric.question
    return QuestionRow(
        id=question.id,
        text=question.text,
        level=question.level,
        topic=question.topic,
        rubric_version=rubric.version,
        has_examples=rubric.has_examples,
    )
