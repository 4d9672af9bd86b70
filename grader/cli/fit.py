"""`grader fit`: fit the local judge's heads on a rubric's examples, and keep them."""

from typing import Annotated

import typer

from grader.cli.options import RubricsOption
from grader.cli.printing import visible


def fit(
    question_id: Annotated[
        str | None, typer.Argument(help="See `grader questions`; or use --all.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every question that has examples.")
    ] = False,
    rubrics: RubricsOption = None,
) -> None:
    """Fit the local judge to a rubric's examples, and keep the result beside it.

    Without this, the judge fits at first use, which takes seconds each time.
    """
    if (question_id is None) == (not everything):
        raise typer.BadParameter("name one question, or use --all")

    from grader.errors import RubricError
    from grader.judges.encoder import Encoder
    from grader.judges.heads import fit_heads, heads_path, save_heads, stamp
    from grader.settings import read_settings
    from grader.wiring import open_shelf

    shelf = open_shelf(read_settings(rubrics=rubrics))
    encoder = Encoder(threads=2)
    for rubric in shelf.rubrics() if everything else [shelf.rubric(str(question_id))]:
        if not rubric.has_examples:
            if everything:
                continue
            raise RubricError(
                f"{question_id!r} has no examples of both kinds for every part; "
                "write them into the .examples.jsonl file beside its rubric"
            )
        path = heads_path(shelf.paths[rubric.question.id])
        save_heads(fit_heads(rubric, encoder), path, stamp(rubric, encoder))
        count = sum(len(part.examples) for part in rubric.parts)
        print(f"{visible(path)}: {len(rubric.parts)} heads from {count} examples")
