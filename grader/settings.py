"""Settings, read once from the environment or a `.env` file, and handed down."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AliasChoices,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from grader.answer import LONGEST
from grader.errors import SettingsError


class Settings(BaseSettings):
    """Everything that can be set. `docs/settings.md` says what each does."""

    model_config = SettingsConfigDict(
        env_prefix="GRADER_",
        env_file=".env",
        env_ignore_empty=True,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
    )

    judge: Literal["local", "llm"] = "local"
    rubrics: Path | None = None
    prompts: Path | None = None
    longest_answer: PositiveInt = LONGEST

    model: str | None = None
    base_url: Annotated[
        str | None,
        Field(validation_alias=AliasChoices("GRADER_BASE_URL", "OPENAI_BASE_URL")),
    ] = None
    api_key: Annotated[
        SecretStr | None,
        Field(validation_alias=AliasChoices("GRADER_API_KEY", "OPENAI_API_KEY")),
    ] = None
    llm_timeout: PositiveFloat = 60.0
    llm_attempts: Annotated[int, Field(ge=1, le=10)] = 4
    llm_deadline: PositiveFloat = 120.0
    max_output_tokens: PositiveInt = 4000

    threads: Annotated[int, Field(ge=1, le=64)] = 1
    max_body_bytes: PositiveInt = 1_000_000


def read_settings(**given: object) -> Settings:
    """Settings from the environment, with `given` on top; None means not given.

    Raises `SettingsError` that names the variable.
    """
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper()
        name = name if name.startswith(("GRADER_", "OPENAI_")) else f"GRADER_{name}"
        raise SettingsError(f"setting {name}: {first['msg']}") from exc
