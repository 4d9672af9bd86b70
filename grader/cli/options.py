"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

JudgeOption = Annotated[
    str | None,
    typer.Option("--judge", help="`local` (default) or `llm`.", show_default=False),
]
RubricsOption = Annotated[
    Path | None,
    typer.Option("--rubrics", help="Folder of rubrics instead of the built-in ones."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
