"""What every judge is: it looks at one answer and says what it sees."""

from typing import Protocol

from grader.answer import Answer
from grader.judgement import Judgement
from grader.rubric import Rubric


class Judge(Protocol):
    """Looks at one answer with one rubric.

    `name` is what a grade records, for example `local` or `llm`. The digests are
    SHA-256 in hex, or None where the judge has no such part.
    """

    @property
    def name(self) -> str: ...

    @property
    def prompt(self) -> str | None: ...

    @property
    def prompt_digest(self) -> str | None: ...

    @property
    def calibration_digest(self) -> str | None: ...

    async def judge(self, rubric: Rubric, answer: Answer) -> Judgement:
        """Say what is there, with exactly one finding or sighting for each part.

        Raises only the project's own errors: `LLMError`s where a model was of no
        use, `UnsupportedLanguage` where the judge cannot read the answer.
        """
        ...
