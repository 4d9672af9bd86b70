"""Grades free-text answers to interview questions, point by point, with evidence."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.grading import Grader
    from grader.settings import Settings
    from grader.wiring import build

__all__ = ["Grader", "Settings", "__version__", "build"]

__version__ = "0.1.0"

_HOMES = {"Grader": "grading", "Settings": "settings", "build": "wiring"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import grader` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
