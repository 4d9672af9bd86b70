"""What may be printed: a terminal obeys escape sequences instead of showing them."""

import json
import sys
from typing import Any


def printable(text: object) -> str:
    """Fold white space and drop what a terminal would obey instead of showing.

    >>> printable("one\\n  \\x1b[31mtwo")
    'one [31mtwo'
    """
    kept = (c if c.isprintable() else " " for c in str(text))
    return " ".join("".join(kept).split())


def visible(text: object) -> str:
    """Show what a terminal would obey as a sign; for paths, which keep their spaces.

    >>> visible("a  b\\x1b.toml")
    'a  b�.toml'
    """
    return "".join(c if c.isprintable() else "�" for c in str(text))


def say(text: str) -> None:
    """Print one line on standard error."""
    print(printable(text), file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    # ASCII escapes carry any text, lone surrogates too, to any terminal.
    print(json.dumps(value, indent=2))
