"""Finds elements of a page by their `data-testid`."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_EMPTY = frozenset({"br", "img", "input", "link", "meta"})


@dataclass
class Element:
    """An element with its attributes and all the text inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: list["Element"] = field(default_factory=list)


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[Element] = []
        self.all: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.all.append(element)
        for around in self.open:
            around.inside.append(element)
        if tag not in _EMPTY:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def elements(page: str) -> list[Element]:
    """Every element of a page, in order."""
    finder = _Finder()
    finder.feed(page)
    return finder.all


def find(page: str, testid: str) -> Element:
    """The first element of this name. Raises `StopIteration` where there is none."""
    return next(e for e in elements(page) if e.attributes.get("data-testid") == testid)


def has(page: str, testid: str) -> bool:
    """Whether there is an element of this name."""
    return any(e.attributes.get("data-testid") == testid for e in elements(page))


def marked(page: str) -> list[str]:
    """The text of each mark, as the candidate wrote it: without its badges."""
    texts = []
    for mark in (e for e in elements(page) if e.tag == "mark"):
        badges = "".join(
            e.text for e in mark.inside if "badge" in e.attributes.get("class", "")
        )
        texts.append(mark.text.removesuffix(badges))
    return texts
