"""What the documentation says is true of the code.

`python -m tests.test_docs` writes the real help of every command into docs/cli.md.
"""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.main import get_command

from grader import errors
from grader.answer_files import NEEDED
from grader.cli import exits
from grader.cli.main import app
from grader.grade import (
    Feedback,
    FlagNote,
    Got,
    Grade,
    Missing,
    Provenance,
    ReviewReason,
    Ungraded,
    UngradedCode,
)
from grader.judgement import Evidence, Finding, Sighting, Usage
from grader.settings import Settings, read_settings

ROOT = Path(__file__).parent.parent
CLI = ROOT / "docs" / "cli.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = ["grader", *(f"grader {name}" for name in get_command(app).commands)]  # type: ignore[attr-defined]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """Each heading of a page, without marks, and what stands under it alone.

    A `#` at the start of a line inside a fence is no heading.
    """
    found: dict[str, str] = {}
    heading, fenced = "", False
    for line in page.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            heading = line.lstrip("#").strip().replace("`", "")
        else:
            found[heading] = found.get(heading, "") + line + "\n"
    return found


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def without_fences(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def first_column(section: str) -> list[str]:
    """The words in code marks that begin the rows of a section's tables."""
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


# --- settings -----------------------------------------------------------------


def variable(name: str) -> str:
    return name.upper() if name.startswith("openai_") else f"GRADER_{name.upper()}"


SETTINGS = {variable(name): field for name, field in Settings.model_fields.items()}


def test_every_setting_has_a_heading_and_every_heading_a_setting() -> None:
    told = [
        h
        for h in sections(text_of("docs/settings.md"))
        if h.startswith(("GRADER", "OPENAI"))
    ]

    assert sorted(told) == sorted(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_told_with_its_default(name: str) -> None:
    default = SETTINGS[name].default
    number = isinstance(default, int | float)
    shown = f"{default:.15g}" if number else default

    section = sections(text_of("docs/settings.md"))[name]

    assert default is not PydanticUndefined
    told = "not set" if default is None else f"`{shown}`"
    assert f"\nDefault: {told}.\n" in section


@pytest.mark.parametrize("name", SETTINGS)
def test_every_example_of_a_setting_is_taken(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = fences(sections(text_of("docs/settings.md"))[name], "ini")
    told, value = example.strip().split("=", 1)
    monkeypatch.setenv(told, value)

    taken = read_settings()

    assert told == name
    assert taken.model_fields_set == {name.removeprefix("GRADER_").lower()}


# --- commands -----------------------------------------------------------------


def real_helps() -> dict[str, str]:
    """Each command's help, 80 columns wide, from a program that is no terminal."""
    program = (
        "import json\n"
        "from typer.testing import CliRunner\n"
        "from grader.cli.main import app\n"
        f"for command in {COMMANDS}:\n"
        "    asked = [*command.split()[1:], '--help']\n"
        "    said = CliRunner().invoke(app, asked, prog_name='grader')\n"
        "    print(json.dumps([command, said.stdout]))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"COLUMNS": "80", "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    lines = map(json.loads, ran.stdout.splitlines())
    return {command: _trimmed(text) for command, text in lines}


def _trimmed(text: str) -> str:
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(lines).strip("\n") + "\n"


def words(text: str) -> list[str]:
    """The words of a help text. Its frames and gaps are the library's own affair."""
    return re.sub(r"[╭╮╰╯│─]", " ", text).split()


@pytest.fixture(scope="module")
def helps() -> Mapping[str, str]:
    return real_helps()


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    told = [h for h in sections(text_of("docs/cli.md")) if h.split()[0] == "grader"]

    assert told == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown_with_its_real_help(
    command: str, helps: Mapping[str, str]
) -> None:
    shown = fences(sections(text_of("docs/cli.md"))[command], "text")[0]

    assert words(shown) == words(helps[command]), (
        "run `python -m tests.test_docs` to write the help into docs/cli.md"
    )


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_every_command_has_an_example(command: str) -> None:
    section = sections(text_of("docs/cli.md"))[command]

    assert f"$ {command}" in "".join(fences(section, "console"))


def typed(page: Path) -> list[str]:
    """Every `grader ...` that a page's consoles show, on one line each."""
    consoles = fences(page.read_text(encoding="utf-8"), "console")
    lines = "".join(consoles).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ grader")]


TYPED = [(page.name, line) for page in PAGES for line in typed(page)]


@pytest.mark.parametrize(("page", "line"), TYPED)
def test_what_a_page_types_is_a_command(page: str, line: str) -> None:
    tokens = shlex.split(line, comments=True)
    end = next((n for n, t in enumerate(tokens) if t in {"|", ">", "<", "&&"}), None)

    parse(tokens[1:end])


def parse(arguments: list[str]) -> None:
    """Raises where `grader` has no such sub-command, option or argument."""
    group: Any = get_command(app)
    command = group.commands.get(arguments[0]) if arguments else None
    if command is None:
        assert arguments
        assert arguments[0].startswith("-"), f"no command {arguments[0]!r}"
        command = group
    else:
        arguments = arguments[1:]
    with suppress(typer.Exit):  # Where --help and --version end.
        command.make_context("grader", list(arguments))


@pytest.mark.parametrize(
    "line",
    ["grade-files a.jsonl", "grade tea --anwser x", "check a b", "serve --port x"],
)
def test_a_command_that_is_none_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no (such )?(command|option)|unexp|valid"):
        parse(line.split())


# --- the API ------------------------------------------------------------------


def test_every_route_of_the_api_is_told() -> None:
    from grader.web.api import router

    page = text_of("docs/api.md")
    routes = [
        f"`{method} {getattr(route, 'path', '')}`"
        for route in router.routes
        for method in sorted(getattr(route, "methods", ()))
    ]

    assert routes
    assert [route for route in routes if route not in page] == []


def test_every_problem_of_the_api_is_told_with_its_status() -> None:
    from grader.web.errors import PROBLEMS

    rows = re.findall(r"^\| (\d{3}) \| `(\S+)` \|", text_of("docs/api.md"), re.M)

    assert {(kind, int(status)) for status, kind in rows} == {
        (kind, status) for kind, (status, _, _) in PROBLEMS.items()
    }


# --- formats ------------------------------------------------------------------

TABLES: Mapping[str, type[BaseModel]] = {
    "Fields of a grade": Grade,
    "Fields of a finding": Finding,
    "Fields of a sighting": Sighting,
    "Fields of evidence": Evidence,
    "Fields of feedback": Feedback,
    "Fields of a point that was got": Got,
    "Fields of a point that is missing": Missing,
    "Fields of a note on a red flag": FlagNote,
    "Fields of provenance": Provenance,
    "Fields of usage": Usage,
    "Fields of an ungraded answer": Ungraded,
}


@pytest.mark.parametrize("heading", TABLES)
def test_every_field_of_an_outcome_is_told(heading: str) -> None:
    told = first_column(sections(text_of("docs/formats.md"))[heading])

    assert sorted(told) == sorted(TABLES[heading].model_fields)


def test_every_field_of_a_rubric_file_is_told() -> None:
    formats = sections(text_of("docs/formats.md"))
    path = ROOT / "rubrics/machine-learning/junior/overfitting/v1.toml"
    rubric = tomllib.loads(path.read_text(encoding="utf-8"))
    example = path.with_suffix(".examples.jsonl").read_text("utf-8").splitlines()[0]
    expected = {
        "Fields of a rubric": rubric,
        "Fields of a criterion": rubric["criteria"][0],
        "Fields of a red flag": rubric["red_flags"][0],
        "Fields of an example": json.loads(example),
        "Fields of an answer": dict.fromkeys(NEEDED),
    }

    told = {heading: sorted(first_column(formats[heading])) for heading in expected}

    assert told == {heading: sorted(fields) for heading, fields in expected.items()}


def test_every_ungraded_code_is_told() -> None:
    told = sections(text_of("docs/formats.md"))["Why an answer is ungraded"]

    assert first_column(told) == [code.value for code in UngradedCode]


def test_every_review_reason_is_told() -> None:
    told = sections(text_of("docs/formats.md"))["Why a person should look"]

    assert first_column(told) == [reason.value for reason in ReviewReason]


def test_every_exit_code_is_told() -> None:
    named = {code for name, code in vars(exits).items() if name.isupper()}
    told = sections(text_of("docs/formats.md"))["Exit codes"]

    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", told, re.MULTILINE)}

    assert rows == named | {0, 2}


# --- errors -------------------------------------------------------------------


def drawn_parents(tree: str) -> dict[str, str]:
    """Each error of a drawn tree, and the one it hangs under."""
    parents: dict[str, str] = {}
    above = [(-1, "GraderError")]
    for line in tree.splitlines():
        found = re.match(r"[ │]*[├└]── (\w+)", line)
        if found:
            while above[-1][0] >= found.start(1):
                above.pop()
            parents[found[1]] = above[-1][1]
            above.append((found.start(1), found[1]))
    return parents


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    real = {
        name: kind.__mro__[1].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.GraderError)
    }

    assert {**drawn_parents(errors.__doc__ or ""), "GraderError": "Exception"} == real


# --- links and paths ----------------------------------------------------------

_LINKS = re.compile(
    r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*(\S+)|(?:src|href)=\"([^\"]+)\"",
    re.MULTILINE,
)


def links(page: Path) -> Iterator[str]:
    """The relative links of a page."""
    for found in _LINKS.findall(without_fences(page.read_text(encoding="utf-8"))):
        target = "".join(found)
        if not re.match(r"[a-z][a-z+.-]*:|//", target):
            yield target


def anchors(page: Path) -> set[str]:
    """What a link to a heading may name, as GitHub makes it."""
    headings = sections(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_relative_link_points_at_something(page: Path) -> None:
    broken = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def files_of_the_project() -> list[Path]:
    """What git keeps or would keep."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a git checkout")
def test_no_file_names_anybodys_home() -> None:
    home = re.compile(rb"/home/\w|/Users/\w|/root[/]\w|[A-Z]:\\Users\\\w")
    contents = {path: path.read_bytes() for path in files_of_the_project()}

    wrong = [
        path.relative_to(ROOT)
        for path, content in contents.items()
        if b"\0" not in content and home.search(content)
    ]

    assert contents
    assert wrong == []


# --- writing ------------------------------------------------------------------


def write_helps() -> None:
    """Put each command's real help into docs/cli.md, first thing in its section."""
    page = CLI.read_text(encoding="utf-8")
    for command, said in real_helps().items():
        heading = f"## `{command}`\n"
        before, found, after = page.partition(heading)
        after = re.sub(r"\A\n```text\n.*?^```\n", "", after, flags=re.S | re.M)
        gap = "" if found else "\n"
        page = f"{before}{gap}{heading}\n```text\n{said}```\n{after}"
    CLI.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_helps()
