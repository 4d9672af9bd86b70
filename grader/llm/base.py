"""The seam to language models: ask for a typed reply, and get it or an `LLMError`."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NoReturn, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from grader.errors import SettingsError, UnusableReply
from grader.judgement import Usage

PROVIDERS = ("openai",)
"""What may stand before the colon of `GRADER_MODEL`."""

NEXT_STEP = "try another model, or let a person read the answer"
"""What is left to do about a reply that cannot be used."""

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent to a model: our instructions, and material that nobody vouches for.

    `instructions` are the same for every candidate, so that providers can cache them.
    """

    instructions: str
    material: str


@dataclass(frozen=True, slots=True)
class Reply(Generic[R]):
    """A reply that has the form it was asked for, and the model that it names."""

    value: R
    model: str
    usage: Usage


class LLM(Protocol):
    """Ask for a typed reply. Raises only `LLMError`s, whose `spent` is filled in."""

    @property
    def name(self) -> str: ...

    async def ask(self, prompt: Prompt, reply_type: type[R]) -> Reply[R]: ...


def split_model(model: str) -> tuple[str, str]:
    """The provider, and the provider's own name for the model.

    Raises `SettingsError` where the provider is not given or not known.

    >>> split_model("openai:qwen2.5:7b")
    ('openai', 'qwen2.5:7b')
    """
    provider, _, name = model.partition(":")
    if provider not in PROVIDERS or not name.strip():
        raise SettingsError(
            f"GRADER_MODEL is {plain(model)!r}, which does not name a provider and a "
            f"model: write PROVIDER:MODEL. Providers: {', '.join(PROVIDERS)}"
        )
    return provider, name.strip()


def read_reply(text: str | None, reply_type: type[R], spent: Mapping[str, int]) -> R:
    """Check the text of a reply against the form it was asked for.

    Stricter than JSON parsers are: a key given twice, `NaN`, a number in quotes or a
    field too many is wrong. A Markdown fence around it all is not. Raises
    `UnusableReply`, with `spent`.
    """
    if text is None or not text.strip():
        raise UnusableReply(f"the reply is empty: {NEXT_STEP}", spent)
    text = _unfenced(text)
    try:
        json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse)
        return reply_type.model_validate_json(text, strict=True)
    except ValidationError as exc:
        raise UnusableReply(
            f"the reply has the wrong form ({first_problem(exc)}): {NEXT_STEP}", spent
        ) from exc
    except (ValueError, RecursionError) as exc:
        raise UnusableReply(
            f"the reply is not JSON ({plain(str(exc))}): {NEXT_STEP}", spent
        ) from exc


def first_problem(exc: ValidationError) -> str:
    """The first thing that is wrong with a reply, and where."""
    first = exc.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return plain(f"{place}: {first['msg']}" if place else first["msg"])


def plain(text: str, longest: int = 200) -> str:
    """Somebody else's text on one line, at most `longest` characters, none invisible.

    >>> plain("no\\x1b[31m such\\n  model\\u202e")
    'no [31m such model'
    """
    visible = (" " if unicodedata.category(c) in _UNSEEN else c for c in text)
    line = " ".join("".join(visible).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def spent_of(usage: Usage) -> dict[str, int]:
    """The fields of a usage that an `LLMError` carries."""
    return usage.model_dump(include=set(_SPENT))


def sum_of(*spent: Mapping[str, int]) -> dict[str, int]:
    """What several calls used up together."""
    return {key: sum(one.get(key, 0) for one in spent) for key in _SPENT}


def with_spent(usage: Usage, spent: Mapping[str, int]) -> Usage:
    """A usage, and on top of it what was spent in vain before."""
    return usage.model_copy(update=sum_of(spent_of(usage), spent))


_SPENT = ("model_calls", "input_tokens", "cached_tokens", "output_tokens")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL | re.IGNORECASE)


def _unfenced(text: str) -> str:
    fenced = _FENCED.fullmatch(text.strip())
    return fenced[1] if fenced else text


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return fields


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
