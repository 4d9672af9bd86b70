import base64
import hashlib
import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.answer import read_answer
from grader.errors import InputError
from grader.grade import ReviewReason
from grader.judgement import Evidence
from grader.rubric import Rubric
from grader.scorecard.page import odds, page_parts, plain, write_page
from grader.scorecard.reading import RubricsAtHand, Scorecard, read_scorecard
from tests.judgements import MET, UNMET, judged
from tests.scorecard.lines import TEXT, grade, line, ungraded, write

NAMES = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    '"><img src=x onerror=alert(1)>',
    "Eve\x1b[31m\u202edetsurt",
    "\u05de\u05e8\u05d9\u05dd",
    "{{ 7 * 7 }}",
)


@pytest.fixture
def scorecard(tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric) -> Scorecard:
    """Everybody in `NAMES` wrote something nasty too."""
    nasty = read_answer("<b onclick=alert(1)>Boil</b> it.")
    made = grade(
        tea,
        judged(tea, (MET, MET, UNMET), ("microwave",), nasty),
        review=(ReviewReason.STEERING,),
    )
    lines = [line(name, "tea", made) for name in NAMES]
    lines.append(line(NAMES[0], "<i>mate</i>", ungraded()))
    lines.append(line(NAMES[1], "mate", grade(tea)))
    return read_scorecard(write(tmp_path / "g.jsonl", lines), rubrics)


class Tags(HTMLParser):
    """What a browser would make of a page: its elements and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def rendered(scorecard: Scorecard, rubrics: RubricsAtHand) -> str:
    return "".join(page_parts(scorecard, scorecard.results, rubrics))


def test_nothing_that_anybody_wrote_becomes_an_element_or_an_attribute(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    tags = Tags(rendered(scorecard, rubrics)).tags

    assert not {"script", "img", "b", "i", "link", "iframe"} & {tag for tag, _ in tags}
    names = {name for _, attributes in tags for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert "style" not in names


def test_the_page_asks_for_nothing_outside_itself(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    page = rendered(scorecard, rubrics)
    tags = Tags(page).tags

    links = [attributes["href"] or "" for _, attributes in tags if "href" in attributes]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not any("src" in attributes for _, attributes in tags)
    assert "url(" not in page
    assert "@import" not in page


def test_every_link_of_the_page_leads_somewhere_and_ids_are_unique(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    tags = Tags(rendered(scorecard, rubrics)).tags

    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tags:
        if "href" in attributes:
            assert (attributes["href"] or "").removeprefix("#") in ids


def test_the_policy_allows_the_pages_own_style_and_nothing_else(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    page = rendered(scorecard, rubrics)

    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    directives = html.unescape(policy[1]).split("; ")
    assert "default-src 'none'" in directives
    assert f"style-src 'sha256-{digest}'" in directives


def test_names_are_shown_as_they_are_with_hidden_characters_as_chips(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    page = rendered(scorecard, rubrics)

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<bdi>{{ 7 * 7 }}</bdi>" in page
    assert "<bdi>\u05de\u05e8\u05d9\u05dd</bdi>" in page
    assert '<span class="hidden">U+202E</span>' in page
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_lone_surrogate_and_nul_do_not_break_the_page(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    path = write(tmp_path / "g.jsonl", [line("A\ud800\x00", "tea", grade(tea))])
    scorecard = read_scorecard(path, rubrics)

    write_page(tmp_path / "o.html", scorecard, scorecard.results, rubrics)

    assert "<bdi>A\ufffd\ufffd</bdi>" in (tmp_path / "o.html").read_text("utf-8")


def test_it_says_who_judged_that_a_person_decides_and_what_to_review(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    page = rendered(scorecard, rubrics)

    assert "It recommends; a person decides." in page
    assert "<bdi>fake, version 9.9</bdi>" in page
    assert "6 of 7 grades need a person’s look" in page
    assert "a sentence speaks to the judge" in page


def test_one_candidates_page_has_no_ranking_and_nobody_else(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    mine = next(r for r in scorecard.results if r.candidate == NAMES[1])

    page = "".join(page_parts(scorecard, [mine], rubrics))

    assert 'id="ranking"' not in page
    assert NAMES[4] not in page
    assert page.count("<article") == 1


def test_a_flood_of_hidden_characters_shows_a_part_of_them_and_no_more(
    tmp_path: Path, rubrics: RubricsAtHand, tea: Rubric
) -> None:
    text = "\u200ba" * 5_000
    quote = Evidence(sentence=1, start=0, end=len(text), text=text)
    judgement = judged(tea, (MET, UNMET, UNMET), answer=read_answer(TEXT))
    first = judgement.findings[0].model_copy(update={"evidence": (quote,)})
    flooded = judgement.model_copy(
        update={"findings": (first, *judgement.findings[1:])}
    )
    path = write(tmp_path / "g.jsonl", [line("A", "tea", grade(tea, flooded))])

    page = rendered(read_scorecard(path, rubrics), rubrics)

    assert 200 <= page.count("U+200B") <= 500
    assert "\u200b" not in page


def test_a_page_is_replaced_whole_and_leaves_nothing_beside_it(
    tmp_path: Path, scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    page = tmp_path / "new" / "o.html"

    write_page(page, scorecard, scorecard.results, rubrics)
    write_page(page, scorecard, scorecard.results[:1], rubrics)

    assert page.read_text("utf-8").count("<article") == 1
    assert [path.name for path in page.parent.iterdir()] == ["o.html"]


def test_a_page_that_fails_halfway_leaves_the_earlier_one(
    tmp_path: Path, scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    page = tmp_path / "o.html"
    page.write_text("earlier")
    scorecard.path.write_text("{}\n")

    with pytest.raises(InputError, match="changed"):
        write_page(page, scorecard, scorecard.results, rubrics)

    assert page.read_text() == "earlier"
    assert not list(tmp_path.glob("*.tmp"))


def test_the_file_of_grades_is_never_overwritten(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    before = scorecard.path.read_bytes()

    with pytest.raises(InputError, match="is the file of grades"):
        write_page(scorecard.path, scorecard, scorecard.results, rubrics)

    assert scorecard.path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(
    scorecard: Scorecard, rubrics: RubricsAtHand
) -> None:
    with pytest.raises(InputError, match=r"o\.html.* cannot be written"):
        write_page(scorecard.path / "o.html", scorecard, scorecard.results, rubrics)


@pytest.mark.parametrize("tenths", range(1, 10))
def test_probabilities_are_told_in_tenths(tenths: int) -> None:
    assert odds(tenths / 10) == f"about {tenths} in 10"


def test_titles_hold_no_hidden_characters() -> None:
    assert plain("\u202eA\x00\u200b") == "A\ufffd"
