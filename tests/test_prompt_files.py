"""Prompt files become templates, and a template gets exactly what it names."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import PromptError
from grader.prompt_files import PromptTemplate, load_prompt
from grader.wiring import PROMPT, content_folder


def written(folder: Path, raw: bytes) -> Path:
    path = folder / "judge" / "v2.txt"
    path.parent.mkdir()
    path.write_bytes(raw)
    return folder


def test_a_prompt_knows_its_name_version_and_digest(tmp_path: Path) -> None:
    raw = b"Look at $question.\n"

    prompt = load_prompt(written(tmp_path, raw), "judge/v2")

    assert (prompt.name, prompt.version, prompt.id) == ("judge", 2, "judge/v2")
    assert prompt.text == "Look at $question.\n"
    assert prompt.digest == hashlib.sha256(raw).hexdigest()


def test_a_missing_prompt_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"judge/v9\.txt"):
        load_prompt(tmp_path, "judge/v9")


@pytest.mark.parametrize("raw", [b"It costs $5.", b"\xff\xfe$q", b"100 $"])
def test_a_prompt_that_is_no_template_is_named(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(PromptError, match=r"judge/v2\.txt"):
        load_prompt(written(tmp_path, raw), "judge/v2")


@pytest.mark.parametrize("id", ["judge", "judge/2", "../judge/v1", "judge/v0", "/v1"])
def test_what_is_no_name_of_a_prompt_is_refused(tmp_path: Path, id: str) -> None:
    with pytest.raises(PromptError, match="is not a prompt"):
        load_prompt(tmp_path, id)


@pytest.mark.parametrize("values", [{}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}])
def test_a_value_too_few_or_too_many_is_an_error(values: dict[str, str]) -> None:
    prompt = PromptTemplate("judge", 1, "$a and ${b}", "")

    with pytest.raises(PromptError, match=r"'judge/v1' wants \['a', 'b'\]"):
        prompt.fill(**values)


@given(value=st.text())
def test_a_value_is_put_in_as_it_is(value: str) -> None:
    prompt = PromptTemplate("judge", 1, "<$a|$b> $$5 {}", "")

    assert prompt.fill(a=value, b="$a") == f"<{value}|$a> $5 {{}}"


def test_the_current_prompt_of_the_judge_can_be_read() -> None:
    prompt = load_prompt(content_folder("prompts"), PROMPT)

    filled = prompt.fill(
        question="Q1", strong_answer="S1", criteria="C1", red_flags="F1"
    )

    assert all(value in filled for value in ("Q1", "S1", "C1", "F1"))
