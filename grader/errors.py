"""Everything the grader raises on purpose.

    GraderError
    ├── SettingsError         a setting is missing or does not parse
    ├── AnswerError           the answer is too long or is not text
    ├── InputError            a file of answers or grades cannot be read as one
    ├── ContentError          a file under rubrics/ or prompts/ is wrong
    │   ├── RubricError
    │   ├── PromptError
    │   ├── QuestionPageError a page of questions is cut short or malformed
    │   └── ModelFileError    a file of the built-in model is missing or altered
    ├── NotFound              the caller named a rubric or grade that does not exist
    ├── UnsupportedLanguage   the judge does not handle the answer's language
    └── LLMError              the model gave us nothing we can use
        ├── LLMUnavailable    worth another try: timeout, 429, 5xx
        ├── LLMRefused        never worth another try
        │   ├── LLMBlocked    for any answer: bad key, no quota, unknown model
        │   └── LLMDeclined   for this answer: bad request, filtered, refused
        └── UnusableReply     it answered, but outside the contract

An error says what happened and which thing it happened to. How it looks to a
person is decided once per surface: `grader.cli.main` and `grader.web.errors`.
"""

from collections.abc import Mapping


class GraderError(Exception):
    """Base of everything the grader raises on purpose."""


class SettingsError(GraderError):
    """A setting is missing or does not parse."""


class AnswerError(GraderError):
    """The answer is too long or is not text."""


class InputError(GraderError):
    """A file of answers or grades cannot be read as one."""


class ContentError(GraderError):
    """A file that ships with the project, or that its user wrote for it, is wrong."""


class RubricError(ContentError):
    """A rubric file does not say what a rubric must say."""


class PromptError(ContentError):
    """A prompt file is missing, or names other values than it is given."""


class QuestionPageError(ContentError):
    """A page of questions is cut short or malformed."""


class ModelFileError(ContentError):
    """A file of the built-in model is missing or is not the one it should be."""


class NotFound(GraderError):
    """The caller named a thing that does not exist."""


class UnsupportedLanguage(GraderError):
    """The judge does not handle the language that the answer is written in."""


class LLMError(GraderError):
    """The model gave us nothing we can use.

    `spent` holds fields of `grader.judgement.Usage`: what was used up in vain.
    """

    def __init__(self, message: str, spent: Mapping[str, int] | None = None) -> None:
        super().__init__(message)
        self.spent = dict(spent or {})


class LLMUnavailable(LLMError):
    """Worth another try: a timeout, a 429, a 5xx.

    `retry_after` is the provider's own wish in seconds, or None.
    """

    def __init__(
        self,
        message: str,
        spent: Mapping[str, int] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, spent)
        self.retry_after = retry_after


class LLMRefused(LLMError):
    """Never worth another try."""


class LLMBlocked(LLMRefused):
    """No answer can be judged until somebody mends the key, quota or model name."""


class LLMDeclined(LLMRefused):
    """The provider declined this one answer; the next may be fine."""


class UnusableReply(LLMError):
    """The model answered, but outside the contract."""
