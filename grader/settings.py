"""Settings, read once from the environment or a `.env` file, and handed down."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
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
    base_url: str | None = None
    api_key: SecretStr | None = None
    # Read where the two above are not given, wherever those are looked for.
    openai_base_url: Annotated[
        str | None, Field(validation_alias="OPENAI_BASE_URL")
    ] = None
    openai_api_key: Annotated[
        SecretStr | None, Field(validation_alias="OPENAI_API_KEY")
    ] = None
    llm_timeout: PositiveFloat = 60.0
    llm_attempts: Annotated[int, Field(ge=1, le=10)] = 4
    llm_deadline: PositiveFloat = 120.0
    max_output_tokens: PositiveInt = 4000

    threads: Annotated[int, Field(ge=1, le=64)] = 1
    max_body_bytes: PositiveInt = 1_000_000

    @property
    def endpoint(self) -> str | None:
        """The model's address, or None for OpenAI's own."""
        return self.base_url or self.openai_base_url

    @property
    def key(self) -> str:
        """The key for the endpoint, empty where there is none."""
        key = self.api_key or self.openai_api_key
        return key.get_secret_value().strip() if key else ""


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
    except UnicodeDecodeError as exc:
        raise SettingsError("the file .env is not UTF-8 text; save it as such") from exc
