"""A wheel, installed into an empty environment, grades an answer from anywhere."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
ANSWER = (
    "The model fits the noise in its training data instead of the pattern. So it "
    "does well on the data it was trained on and much worse on a validation set."
)
NO_NETWORK = """
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        raise RuntimeError(f"no network here: {args}")

sys.addaudithook(refuse)
"""
"""A sitecustomize.py, which Python runs before anything else."""
MOST_MB = 330
"""Size of all that is installed, bytecode too, without the local judge's files."""
JUDGE_FILES = ("*.onnx", "*.npz", "minilm/tokenizer.json")


def pip(*arguments: str | Path) -> None:
    command = (sys.executable, "-m", "pip", "--quiet", *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    pip("wheel", ROOT, "--no-deps", "--wheel-dir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel, what it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, symlinks=True)
    pip("--python", folder / "bin" / "python", "install", "--compile", wheel)
    return folder


class Installed:
    """The installed programs, run in an empty folder, without a network."""

    def __init__(self, bin: Path, elsewhere: Path) -> None:
        self.bin = bin
        self.folder = elsewhere / "here"
        self.folder.mkdir()
        customised = elsewhere / "customised"
        customised.mkdir()
        (customised / "sitecustomize.py").write_text(NO_NETWORK)
        # Nothing that is said to our own Python, such as where to find modules.
        kept = {n: v for n, v in os.environ.items() if not n.startswith("PYTHON")}
        self._env = kept | {"PYTHONPATH": str(customised)}

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / name, *arguments],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            text=True,
        )

    def said(self, name: str, *arguments: str) -> str:
        """What a program printed that ended well."""
        done = self.run(name, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def programs(installed: Path, tmp_path: Path) -> Installed:
    return Installed(installed / "bin", tmp_path)


def test_a_wheel_holds_what_grading_takes_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    content = [*ROOT.glob("rubrics/**/v*"), *ROOT.glob("prompts/**/v*.txt")]
    package = [
        path
        for path in (ROOT / "grader").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]

    shipped = {f"grader/_content/{p.relative_to(ROOT).as_posix()}" for p in content}
    shipped |= {p.relative_to(ROOT).as_posix() for p in package}

    others = {name for name in names if ".dist-info/" not in name}
    assert others == shipped
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    for kind in ("v1.toml", "v1.examples.jsonl", "v1.heads.npz", "model.onnx"):
        assert any(name.endswith(kind) for name in others), kind


def test_the_programs_here_have_no_network(programs: Installed) -> None:
    done = programs.run(
        "python", "-c", "import socket; socket.create_connection(('127.0.0.1', 9))"
    )

    assert "no network here" in done.stderr


def test_the_installed_program_lists_every_question(programs: Installed) -> None:
    listed = json.loads(programs.said("grader", "questions", "--json"))

    assert len(listed) == len(list(ROOT.glob("rubrics/*/*/*/"))) == 24


def test_the_installed_program_grades_an_answer(programs: Installed) -> None:
    said = programs.said("grader", "grade", "overfitting", "--answer", ANSWER, "--json")

    grade = json.loads(said)
    found = {f["criterion_id"]: f["evidence"] for f in grade["findings"]}
    assert (grade["kind"], grade["provenance"]["judge"]) == ("grade", "local")
    assert grade["provenance"]["rubric"] == "overfitting"
    assert found["learns-noise"][0]["text"] == ANSWER.partition(" So ")[0]
    assert list(programs.folder.iterdir()) == []


def test_the_installed_rubrics_have_no_problems(programs: Installed) -> None:
    assert programs.said("grader", "check") == "24 rubrics checked, no problems\n"


def test_what_is_installed_is_not_too_large(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (packages,) = installed.glob("lib/python*/site-packages")
    files = {p: p.stat().st_size for p in packages.rglob("*") if p.is_file()}
    judge = {p for kind in JUDGE_FILES for p in (packages / "grader").rglob(kind)}

    own = sum(files[path] for path in judge) / 1e6
    rest = sum(files.values()) / 1e6 - own

    with capsys.disabled():
        sys.stdout.write(f"\ninstalled: {rest:.0f} MB; local judge: {own:.0f} MB\n")
    assert any(path.suffix == ".pyc" for path in files)
    assert rest < MOST_MB
