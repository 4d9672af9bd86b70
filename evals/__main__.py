"""`python -m evals run`: how far a judge agrees with the labelled examples."""

import argparse
import asyncio
import sys
from pathlib import Path

from evals.labelled import FOLDER
from evals.run import BASELINE, below_baseline, measure, show
from grader.errors import GraderError


def main(arguments: list[str] | None = None) -> int:
    """Run a command. Exit code 1: a figure fell below its baseline, or an error."""
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="grade the labelled examples and compare")
    run.add_argument("--judge", default="local")
    run.add_argument(
        "--split", default="test", choices=["train", "calibration", "test"]
    )
    run.add_argument("--examples", type=Path, default=FOLDER)
    run.add_argument("--baseline", type=Path, default=BASELINE)
    given = parser.parse_args(arguments)
    try:
        report = asyncio.run(measure(given.judge, given.split, given.examples))
        print(show(report))
        problems = below_baseline(report, given.baseline)
    except GraderError as exc:
        print(f"evals: {exc}", file=sys.stderr)
        return 1
    for problem in problems:
        print(f"evals: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
