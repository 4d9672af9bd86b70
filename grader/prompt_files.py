"""Prompt files, `prompts/<name>/v<N>.txt`, to templates."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from grader.errors import PromptError


@dataclass(frozen=True)
class PromptTemplate:
    """A prompt with `$names` for values; `digest` is its file's SHA-256, in hex."""

    name: str
    version: int
    text: str
    digest: str

    @property
    def id(self) -> str:
        """Name and version, as in `judge/v1`."""
        return f"{self.name}/v{self.version}"

    def fill(self, **values: str) -> str:
        """Put values in. A name without a value is an error, and so is the reverse.

        Values are not scanned for more names.
        """
        names = set(Template(self.text).get_identifiers())
        if names != set(values):
            raise PromptError(
                f"prompt {self.id!r} wants {sorted(names)}, got {sorted(values)}"
            )
        return Template(self.text).substitute(values)


def load_prompt(folder: Path, id: str) -> PromptTemplate:
    """Read the prompt `<name>/v<N>`. Raises `PromptError` that names the file."""
    named = re.fullmatch(r"([a-z0-9]+(?:-[a-z0-9]+)*)/v([1-9]\d*)", id)
    if not named:
        raise PromptError(f"{id!r} is not a prompt: write its name as in 'judge/v1'")
    path = folder / f"{id}.txt"
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except OSError as exc:
        raise PromptError(f"{path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise PromptError(f"{path}: not UTF-8 text: byte {exc.start}") from exc
    if not Template(text).is_valid():
        raise PromptError(f"{path}: a '$' starts no name; write '$$' for a dollar sign")
    return PromptTemplate(
        name=named[1],
        version=int(named[2]),
        text=text,
        digest=hashlib.sha256(raw).hexdigest(),
    )
