from pathlib import Path

import pytest

from grader.errors import SettingsError
from grader.settings import read_settings


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_JUDGE", "llm")
    monkeypatch.setenv("GRADER_MODEL", "openai:gpt-5-mini")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")

    settings = read_settings()

    assert (settings.judge, settings.model) == ("llm", "openai:gpt-5-mini")
    assert settings.key == "sk-secret"
    assert "sk-secret" not in repr(settings)


def test_openais_variables_are_read_where_the_projects_own_are_not_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://one.example/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "one")
    before = read_settings()
    (tmp_path / ".env").write_text(
        "GRADER_BASE_URL=https://two.example/v1\nGRADER_API_KEY=two\n"
    )

    after = read_settings()

    assert (before.endpoint, before.key) == ("https://one.example/v1", "one")
    assert (after.endpoint, after.key) == ("https://two.example/v1", "two")


def test_a_settings_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("GRADER_MODEL=ü".encode("latin-1"))

    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        read_settings()


def test_settings_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GRADER_LONGEST_ANSWER=99\nOTHER=1\n")

    assert read_settings().longest_answer == 99


def test_what_is_given_wins_and_none_means_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GRADER_JUDGE", "llm")

    assert read_settings(judge="local").judge == "local"
    assert read_settings(judge=None).judge == "llm"


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_RUBRICS", "")

    assert read_settings().rubrics is None


@pytest.mark.parametrize(
    ("name", "value"), [("GRADER_JUDGE", "oracle"), ("GRADER_LONGEST_ANSWER", "-1")]
)
def test_a_setting_that_does_not_parse_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name):
        read_settings()
