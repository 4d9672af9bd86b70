"""Pages from templates, and the static files that they name."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class StaticFile:
    """A file in memory. `name` holds a hash of its content, so it never changes."""

    name: str
    content: bytes
    media_type: str


class Renderer:
    """Renders templates; `files` are the static files by their names on disk."""

    def __init__(self) -> None:
        self.files = {
            path.name: _read(path) for path in sorted((_HERE / "static").iterdir())
        }
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["static"] = self._address

    def render(self, template: str, **values: object) -> str:
        """The template with these values, each escaped."""
        return self._environment.get_template(template).render(values)

    def _address(self, name: str) -> str:
        return f"/static/{self.files[name].name}"


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(
        f"{path.stem}.{digest}{path.suffix}", content, _TYPES[path.suffix]
    )
