"""`grader release`: freeze a version of a rubric or a prompt for good."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.printing import visible


def release(
    path: Annotated[
        Path, typer.Argument(help="A rubric, v<N>.toml, or a prompt, v<N>.txt.")
    ],
    lock: Annotated[
        Path | None,
        typer.Option(help="File of hashes. Default: the nearest released.sha256."),
    ] = None,
) -> None:
    """Freeze a version of a rubric or a prompt for good.

    Its hash, and that of the examples beside it, goes into released.sha256.
    """
    from grader import releases

    locked = lock or releases.find_lock(path)
    added = releases.release(path, locked)
    for line in added:
        print(visible(line))
    print(f"{visible(path)}: {'released' if added else 'already released'}")
