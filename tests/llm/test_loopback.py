"""The whole way: settings, a real client, a real socket, a judge, an outcome."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from grader.grade import Grade, Ungraded, UngradedCode
from grader.grading import Grader
from grader.settings import read_settings
from grader.wiring import build

RUBRIC = """
id = "stack"
version = 1
topic = "structures"
level = "junior"
question = "What is a stack?"
strong_answer = "Last in, first out, as for undo."
[[criteria]]
id = "last-first"
requirement = "Says that the last one in is the first one out."
points = 2
[[criteria]]
id = "use"
requirement = "Names a use."
points = 1
"""
ANSWER = "The last one in goes out first. Undo uses one."
KEY = "sk-loopback"


def finding(id: str, sentence: int) -> dict[str, Any]:
    return {
        "criterion_id": id,
        "evidence": [sentence],
        "rationale": "It says so.",
        "verdict": "met",
        "confidence": "sure",
    }


def chat(*findings: dict[str, Any]) -> tuple[int, str]:
    content = json.dumps({"findings": findings, "sightings": []})
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 50, "completion_tokens": 9}
    body = {"model": "tiny-1", "choices": [choice], "usage": usage}
    return 200, json.dumps(body)


FINE = chat(finding("last-first", 1), finding("use", 2))
TOO_FEW = chat(finding("last-first", 1))
SENTENCE_99 = chat(finding("last-first", 1), finding("use", 99))
NO_QUOTA = 429, json.dumps({"error": {"code": "insufficient_quota"}})


class Provider(ThreadingHTTPServer):
    """Gives its replies one after the other, the last one for ever."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[tuple[int, str]] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # Connections are kept, as real providers do.
    server: Provider

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.server.requests.append(json.loads(self.rfile.read(length)))
        self.server.keys.append(self.headers["authorization"])
        replies = self.server.replies
        status, body = replies.pop(0) if len(replies) > 1 else replies[0]
        raw = body.encode()
        self.send_response(status if self.path == "/v1/chat/completions" else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.send_header("retry-after-ms", "0")
        self.send_header("location", self.path)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def grader(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Grader:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)  # No wait has jitter.
    path = tmp_path / "structures" / "junior" / "stack" / "v1.toml"
    path.parent.mkdir(parents=True)
    path.write_text(RUBRIC)
    return build(
        read_settings(
            judge="llm",
            model="openai:x",
            base_url=provider.address,
            api_key=KEY,
            rubrics=tmp_path,
            llm_attempts=2,
        )
    )


def outcome_of(
    grader: Grader, provider: Provider, *replies: tuple[int, str]
) -> Grade | Ungraded:
    provider.replies = list(replies)
    return asyncio.run(grader.grade("stack", ANSWER))


def test_a_fine_reply_becomes_a_grade(grader: Grader, provider: Provider) -> None:
    outcome = outcome_of(grader, provider, FINE)

    assert isinstance(outcome, Grade)
    assert outcome.percent == 100
    assert outcome.findings[1].evidence[0].text == "Undo uses one."
    assert outcome.provenance.model == "tiny-1"
    assert (outcome.usage.model_calls, outcome.usage.input_tokens) == (1, 50)
    assert outcome.usage.cost_usd is None
    assert provider.keys == [f"Bearer {KEY}"]
    assert provider.requests[0]["model"] == "x"


@pytest.mark.parametrize(
    ("reply", "code", "calls"),
    [
        ((401, "{}"), UngradedCode.PROVIDER_BLOCKED, 1),
        (NO_QUOTA, UngradedCode.PROVIDER_BLOCKED, 1),
        ((307, ""), UngradedCode.PROVIDER_BLOCKED, 1),
        ((429, "{}"), UngradedCode.PROVIDER_UNAVAILABLE, 2),
        ((500, "oh no"), UngradedCode.PROVIDER_UNAVAILABLE, 2),
        ((400, "{}"), UngradedCode.PROVIDER_DECLINED, 1),
        ((200, FINE[1][:-30]), UngradedCode.UNUSABLE_REPLY, 2),
        (TOO_FEW, UngradedCode.UNUSABLE_REPLY, 2),
        (SENTENCE_99, UngradedCode.UNUSABLE_REPLY, 2),
    ],
    ids=["401", "quota", "307", "429", "500", "400", "half JSON", "too few", "99"],
)
def test_a_bad_reply_leaves_the_answer_ungraded(
    grader: Grader,
    provider: Provider,
    reply: tuple[int, str],
    code: UngradedCode,
    calls: int,
) -> None:
    outcome = outcome_of(grader, provider, reply)

    assert isinstance(outcome, Ungraded)
    assert outcome.code == code
    assert len(provider.requests) == calls
    assert outcome.usage.model_calls == calls
    assert KEY not in outcome.model_dump_json()


@pytest.mark.parametrize(
    "first", [(503, ""), TOO_FEW, SENTENCE_99], ids=["503", "too few", "99"]
)
def test_a_second_try_can_save_a_grade(
    grader: Grader, provider: Provider, first: tuple[int, str]
) -> None:
    outcome = outcome_of(grader, provider, first, FINE)

    assert isinstance(outcome, Grade)
    assert outcome.usage.model_calls == 2


def test_a_grader_can_be_used_from_one_event_loop_after_another(
    grader: Grader, provider: Provider
) -> None:
    outcomes = [outcome_of(grader, provider, FINE) for _ in range(3)]

    assert all(isinstance(outcome, Grade) for outcome in outcomes)
    assert len(provider.requests) == 3


def test_nobody_at_the_address_leaves_the_answer_ungraded(
    grader: Grader, provider: Provider
) -> None:
    provider.replies = [FINE]
    provider.shutdown()
    provider.server_close()

    outcome = asyncio.run(grader.grade("stack", ANSWER))

    assert isinstance(outcome, Ungraded)
    assert outcome.code == UngradedCode.PROVIDER_UNAVAILABLE
