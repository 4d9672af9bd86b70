"""The page in a real browser: keys, no scripts, phone, dark, axe, policy, drafts."""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grader.answer import Answer
from grader.errors import LLMUnavailable
from grader.judgement import Judgement
from grader.rubric import Rubric
from grader.settings import Settings
from grader.web.app import create_app
from grader.wiring import build
from tests.web.fakes import FakeJudge, by_sentences

pytest.importorskip("playwright")

import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
).split()
ANSWER = (
    "It learns the noise of its training data. So it does badly on new data.\n\n"
    "I compare the scores."
)
ANSWERS = {
    "result": ANSWER,
    "red flag": f"{ANSWER} Flag: the training score is all I look at.",
    "hidden text": ANSWER.replace("noise", "no\u200b\u200bise\u202e") + "\U000e0041",
    "markup": "<script>alert(1)</script> So. <img src=//a.test/x onerror=alert(1)>",
    "long word": f"{'x' * 300}. So it is {'y' * 300}.",
    "blank": "  ",
    "too long": "word " * 5000,
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def serving(judge: FakeJudge) -> Iterator[str]:
    """A real server on a free port of this machine; its address."""
    settings = Settings(_env_file=None)
    app = create_app(build(settings, judge), settings)
    config = uvicorn.Config(app, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(FakeJudge(by_sentences())) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing = f"there is no Chromium at {CHROMIUM}: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=ARGUMENTS
        )
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page should never do."""

    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def over(self, page: Page, address: str) -> None:
        def dialog(one: Any) -> None:
            self.dialogs.append(one.message)
            one.dismiss()

        def request(one: Any) -> None:
            if not one.url.startswith(address):
                self.foreign.append(one.url)

        def console(one: Any) -> None:
            if one.type == "error" and "status of 422" not in one.text:
                self.errors.append(one.text)

        page.on("dialog", dialog)
        page.on("request", request)
        page.on("console", console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens a page of a fresh context; afterwards nothing bad must have happened."""
    watch = Watch()
    contexts = []

    def opened(path: str = "/?question=overfitting", **options: Any) -> Page:
        context = browser.new_context(base_url=address, **options)
        contexts.append(context)
        page = context.new_page()
        watch.over(page, address)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watch == Watch()


def practise(page: Page, answer: str) -> None:
    page.get_by_test_id("answer").fill(answer)
    page.get_by_test_id("send").click()
    page.wait_for_load_state()


def tab_to(page: Page, testid: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page, "data-testid") == testid:
            return
    raise AssertionError(f"no way to {testid} by the Tab key")


def focused(page: Page, attribute: str) -> str | None:
    found: str | None = page.evaluate(
        "name => document.activeElement.getAttribute(name)", attribute
    )
    return found


def test_a_question_can_be_practised_by_keyboard_alone(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/")
    tab_to(page, "question-link")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("question="))
    tab_to(page, "answer")
    page.keyboard.type("It learns noise. It fails later.")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_test_id("band")).to_be_visible()
    page.keyboard.press("n")
    assert focused(page, "id") == "point-1"
    page.keyboard.press("Enter")
    expect(page.locator("#passage-1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#point-1")).to_be_focused()
    for _ in page.get_by_test_id("point").all():  # Once around, then across again.
        page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator("#passage-1")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("n")
    page.keyboard.press("h")
    expect(page.get_by_test_id("hint").first.locator("p")).to_be_visible()
    page.keyboard.press("p")
    assert focused(page, "id") == "point-1"
    page.keyboard.press("t")
    expect(page.get_by_test_id("answer")).to_be_focused()


def test_single_keys_can_be_switched_off_for_good(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts are on").uncheck()
    practise(page, ANSWER)
    page.keyboard.press("n")
    page.keyboard.press("t")

    assert focused(page, "id") is None


def test_everything_works_without_scripts(open_page: Callable[..., Page]) -> None:
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("link", name="What is overfitting").click()
    practise(page, ANSWER)

    expect(page.get_by_test_id("band")).to_have_text("Mixed")
    page.get_by_role("link", name="Evidence for point 1, met").click()
    assert page.url.endswith("#point-1")
    page.locator("summary", has_text="Hint").first.click()
    expect(page.get_by_test_id("hint").first.locator("p")).to_be_visible()
    page.get_by_test_id("reveal").click()
    expect(page.get_by_test_id("strong-answer")).to_be_visible()
    page.get_by_test_id("try-again").click()
    page.keyboard.type("Now: ")
    expect(page.get_by_test_id("answer")).to_have_value(re.compile("Now: "))
    expect(page.get_by_text("Keyboard shortcuts")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_in_any_state(
    open_page: Callable[..., Page], scheme: str, width: int
) -> None:
    page = open_page("/", color_scheme=scheme, viewport={"width": width, "height": 800})
    troubles = axe(page)
    page.goto("/?question=overfitting")
    troubles += axe(page)
    for answer in ANSWERS.values():
        practise(page, answer)
        for details in page.locator("details").all():
            details.evaluate("one => { one.open = true }")
        troubles += axe(page)
    assert troubles == []


def axe(page: Page) -> list[str]:
    """Each rule that a page breaks, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{broken['id']} ({broken['impact']}): {node['html'][:120]}"
        for broken in found.response["violations"]
        for node in broken["nodes"]
    ]


@pytest.mark.parametrize("state", ["start", "editor", *ANSWERS])
@pytest.mark.parametrize("width", [320, 640])
def test_nothing_scrolls_sideways(
    open_page: Callable[..., Page], state: str, width: int
) -> None:
    path = "/" if state == "start" else "/?question=overfitting"
    page = open_page(path, viewport={"width": width, "height": 640}, has_touch=True)
    if state in ANSWERS:
        practise(page, ANSWERS[state])

    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


def test_what_has_focus_is_never_under_the_sticky_bar(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    practise(page, ANSWERS["red flag"])
    covered = []
    for _ in range(40):
        page.keyboard.press("Tab")
        covered += page.evaluate(
            """() => {
                const one = document.activeElement;
                const box = one.getClientRects()[0];
                if (one === document.body || !box) return [];
                const top = document.elementFromPoint(
                    box.left + Math.min(box.width / 2, 40),
                    Math.min(box.top + box.height / 2, innerHeight - 100));
                return one.contains(top) ? [] : [one.outerHTML.slice(0, 80)];
            }"""
        )
    assert covered == []


def test_dark_and_light_follow_the_device(open_page: Callable[..., Page]) -> None:
    page = open_page(color_scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"

    assert page.evaluate(background) == "rgb(247, 247, 245)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(21, 23, 26)"


def test_a_draft_survives_a_reload_until_it_is_cleared(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    answer = page.get_by_test_id("answer")
    answer.fill("Half a thought")
    page.reload()
    expect(answer).to_have_value("Half a thought")
    page.goto("/?question=cross-validation")
    expect(answer).to_have_value("")

    page.goto("/?question=overfitting")
    page.get_by_test_id("clear").click()
    expect(answer).to_have_value("")
    page.get_by_test_id("clear").click()
    expect(answer).to_have_value("Half a thought")
    page.get_by_test_id("clear").click()
    page.reload()
    expect(answer).to_have_value("")


def test_words_are_counted_and_the_limit_is_told(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    count = page.get_by_test_id("count")
    page.get_by_test_id("answer").fill("three small  words")
    expect(count).to_have_text("3 words")
    page.get_by_test_id("answer").fill("\U0001f600" * 19_000)
    expect(count).to_have_text("1 word, 1,000 characters left")
    page.get_by_test_id("answer").fill("x" * 20_001)
    expect(count).to_have_text("1 word, 1 characters too many")


def test_a_wait_is_put_in_words_and_sent_once(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.evaluate(
        """() => {
            window.stopped = [];
            document.getElementById("form").addEventListener("submit", (event) => {
                stopped.push(event.defaultPrevented);
                event.preventDefault();
            });
        }"""
    )
    page.get_by_test_id("answer").fill(ANSWER)
    page.get_by_test_id("send").click()
    page.get_by_test_id("answer").press("Control+Enter")

    expect(page.get_by_test_id("said")).to_have_text("Judging your answer…")
    assert page.evaluate("stopped") == [False, True]


def test_an_answer_that_could_not_be_judged_stays_in_the_editor(
    browser: Browser,
) -> None:
    def unreachable(rubric: Rubric, answer: Answer) -> Judgement:
        raise LLMUnavailable("timed out")

    with serving(FakeJudge(unreachable)) as address:
        page = browser.new_page()
        page.goto(f"{address}/?question=overfitting")
        practise(page, ANSWER)
        expect(page.get_by_test_id("ungraded")).to_contain_text("kept here")
        expect(page.get_by_test_id("answer")).to_have_value(ANSWER)
        assert axe(page) == []
        page.close()


def test_no_markup_from_an_answer_runs_or_loads(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.add_init_script(
        """window.violations = [];
        addEventListener("securitypolicyviolation", (event) => {
            violations.push(event.violatedDirective);
        });"""
    )
    practise(page, ANSWERS["markup"])

    expect(page.get_by_test_id("band")).to_be_visible()
    assert page.evaluate("violations") == []
    assert page.locator("main img, main script").count() == 0


def test_the_policy_stops_scripts_that_come_with_markup(
    browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.goto(address)
    refused = page.evaluate(
        """() => {
            try { document.body.innerHTML = "<b>x</b>"; return "no"; }
            catch (error) { return error.name; }
        }"""
    )

    assert refused == "TypeError"
    assert page.context.cookies() == []
    page.close()


def test_a_printed_result_fits_on_one_page(open_page: Callable[..., Page]) -> None:
    page = open_page()
    practise(page, ANSWER)

    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
