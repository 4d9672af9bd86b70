"""`grader import`: a page of questions to draft rubrics."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.printing import visible


def import_page(
    page: Annotated[Path, typer.Argument(help="A page of questions in Markdown.")],
    topic: Annotated[str, typer.Option(help="What the questions are about.")],
    out: Annotated[Path, typer.Option(help="Folder to write the drafts to.")],
) -> None:
    """Write a draft rubric for every question of a page.

    Nothing is overwritten; where a file is in the way, none is written.
    """
    from grader.drafting import write_drafts
    from grader.question_page import page_source, page_text, read_page

    text = page_text(page)
    questions = read_page(text, str(page))
    written = write_drafts(questions, topic, out, page_source(text) or page.name)
    for path in written:
        print(visible(path))
    drafts = "1 draft" if len(written) == 1 else f"{len(written)} drafts"
    print(
        f"\n{drafts} written, in the page's own words. A person still has to:\n"
        "- make every requirement one claim in a full sentence;\n"
        "- weigh the points, which were shared out evenly;\n"
        "- write the hints;\n"
        "- check the kind of each red flag, which was guessed, and its cap;\n"
        f"- run `grader check {visible(out)}` until it has nothing to say."
    )
