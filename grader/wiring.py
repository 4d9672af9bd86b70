"""Puts the parts together; the only place that does."""

from collections.abc import Callable
from pathlib import Path

from grader.errors import SettingsError
from grader.grading import Grader
from grader.judges.base import Judge
from grader.rubric import Rubric
from grader.rubric_files import RubricShelf
from grader.settings import Settings

PROMPT = "judge/v1"
"""The prompt that the llm judge uses."""


def build(settings: Settings, judge: Judge | None = None) -> Grader:
    """Build a grader. Tests and other programs may pass their own `judge`.

    Raises `SettingsError` or `ContentError` where a part cannot be put together.
    """
    return Grader(
        judge=judge or _JUDGES[settings.judge](settings),
        shelf=open_shelf(settings),
        longest_answer=settings.longest_answer,
    )


def open_shelf(settings: Settings) -> RubricShelf:
    """The rubrics that the settings name, or the built-in ones."""
    return RubricShelf(settings.rubrics or content_folder("rubrics"))


def content_folder(name: str) -> Path:
    """Where the project's `rubrics` or `prompts` are: in the wheel, or the checkout."""
    package = Path(__file__).parent
    shipped = package / "_content" / name
    return shipped if shipped.is_dir() else package.parent / name


def _local(settings: Settings) -> Judge:
    from grader.judges.encoder import Encoder
    from grader.judges.heads import Heads, heads_path, load_heads, stamp
    from grader.judges.local import LocalJudge

    encoder = Encoder(settings.threads)
    shelf = open_shelf(settings)

    def stored_heads(rubric: Rubric) -> Heads | None:
        path = shelf.paths.get(rubric.question.id)
        return load_heads(heads_path(path), stamp(rubric, encoder)) if path else None

    return LocalJudge(encoder, stored_heads)


def _llm(settings: Settings) -> Judge:
    from grader.judges.llm import LLMJudge
    from grader.llm.openai import OpenAILLM
    from grader.llm.retrying import RetryingLLM
    from grader.prompt_files import load_prompt

    if settings.model is None:
        raise SettingsError(
            "the llm judge needs a model: set GRADER_MODEL, for example to "
            "'openai:gpt-5-mini', or use GRADER_JUDGE=local"
        )
    prompts = settings.prompts or content_folder("prompts")
    llm = RetryingLLM(
        OpenAILLM.from_settings(settings),
        attempts=settings.llm_attempts,
        deadline=settings.llm_deadline,
    )
    return LLMJudge(llm=llm, template=load_prompt(prompts, PROMPT))


_JUDGES: dict[str, Callable[[Settings], Judge]] = {"local": _local, "llm": _llm}
