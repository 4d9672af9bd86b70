"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

JudgeName = Literal["local", "llm"]
JudgeOption = Annotated[
    JudgeName | None,
    typer.Option("--judge", help="Which judge.", show_default="local"),
]
RubricsOption = Annotated[
    Path | None,
    typer.Option("--rubrics", help="Folder of rubrics instead of the built-in ones."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
