import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "grader"
FILES = sorted(PACKAGE.rglob("*.py"))

ORDER = [
    {"errors"},
    {"answer", "rubric", "markdown", "wording"},
    {"judgement", "steering"},
    {"grade", "settings"},
    {
        *("scoring", "calibration", "agreement", "rubric_files", "question_page"),
        *("prompt_files", "answer_files"),
    },
    {"llm", "rubric_lint"},
    {"judges", "feedback", "releases", "drafting"},
    {"grading"},
    {"batch", "scorecard", "catalogue"},
    {"wiring"},
    {"web"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
HEAVY = {"openai", "fastapi", "uvicorn", "onnxruntime", "tokenizers", "jinja2", "numpy"}


def part(module: str) -> str:
    """`grader.judges.local` is part `judges`; the package itself is the root."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "grader"


def imports(path: Path) -> set[str]:
    """Every module that a file imports, in functions and for type checks too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def module_of(path: Path) -> str:
    return "grader." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    here = part(module_of(path))
    if here == "__init__":
        return  # It names the public parts, and imports them when they are used.
    ours = {m for m in imports(path) if m.startswith("grader.")}

    wrong = {m for m in ours if part(m) != here and RANK[part(m)] >= RANK[here]}

    assert not wrong, f"{here} must not import {sorted(wrong)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_package_never_imports_its_evals_or_tests(path: Path) -> None:
    assert not {m for m in imports(path) if m.split(".")[0] in {"evals", "tests"}}


def test_every_row_has_its_modules() -> None:
    there = {part(module_of(path)) for path in FILES} - {"__init__"}

    assert there == set(RANK)


@pytest.mark.parametrize("module", ["grader", "grader.cli.main"])
def test_nothing_heavy_is_imported_to_start(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert not HEAVY & set(ran.stdout.split())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 360
