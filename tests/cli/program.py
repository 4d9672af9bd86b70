"""The command line as a program of its own, for bytes, signals and exit codes."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
# What is started by a program in the background would ignore Ctrl+C.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from grader.cli.main import main
main()
"""


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start `grader`; standard output and error are pipes unless said otherwise."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments], env=environment, **pipes
    )


def run(
    *arguments: str | Path, stdin: bytes = b"", **options: Any
) -> tuple[int, bytes, bytes]:
    """Run `grader` to its end; gives its exit code, standard output and error."""
    with start(*arguments, stdin=subprocess.PIPE, **options) as process:
        out, err = process.communicate(stdin, timeout=60)
    return process.returncode, out or b"", err or b""
