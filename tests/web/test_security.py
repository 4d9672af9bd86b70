"""What the service does with what nobody should send."""

import asyncio
import json
import logging
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message

from grader.answer import Answer
from grader.errors import GraderError
from grader.judgement import Judgement
from grader.rubric import Rubric
from grader.web.errors import ERRORS, PROBLEMS
from grader.web.guards import HEADERS
from tests.web.conftest import MakeClient
from tests.web.fakes import by_sentences
from tests.web.pages import elements, find

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
HTML = {"accept": "text/html"}
GOOD = {"question_id": "overfitting", "answer": "It learns noise."}
ATTACKS = [
    "<script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href=https://example.org>x</a> https://example.org/",
    "<!-- --><style>*{display:none}</style>",
    "<base href=//example.org>",
    "<mark id=point-1><bdi></bdi></mark>",
]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/?question=overfitting"),
        ("GET", "/?question=nothing"),
        ("POST", "/"),
        ("PUT", "/"),
        ("POST", "/v1/grades"),
        ("GET", "/v1/questions"),
        ("GET", "/healthz"),
        ("GET", "/openapi.json"),
        ("GET", "/favicon.ico"),
        ("GET", "/static/nothing.js"),
    ],
)
def test_every_response_carries_the_security_headers(
    client: TestClient, method: str, path: str
) -> None:
    response = client.request(method, path)

    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    assert "set-cookie" not in response.headers


def test_a_bug_tells_nothing_but_the_log(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(rubric: Rubric, answer: Answer) -> Judgement:
        raise ZeroDivisionError("secret /path")

    with caplog.at_level(logging.ERROR):
        api = make_client(broken).post("/v1/grades", json=GOOD)
        page = make_client(broken).post("/", data=GOOD, headers=HTML)

    assert (api.status_code, page.status_code) == (500, 500)
    assert api.headers["content-type"] == "application/problem+json"
    assert "Something went wrong here" in find(page.text, "error-page").text
    assert "secret" not in api.text + page.text
    assert "ZeroDivisionError" in caplog.text
    assert {name: api.headers[name] for name in HEADERS} == HEADERS


def test_a_broken_rubric_is_a_500_that_names_no_file(make_client: MakeClient) -> None:
    def broken(rubric: Rubric, answer: Answer) -> Judgement:
        raise GraderError("/srv/rubrics/x.toml is wrong")

    response = make_client(broken).post("/v1/grades", json=GOOD)

    assert response.status_code == 500
    assert "/srv" not in response.text


def test_every_error_of_the_grader_has_a_kind_of_problem() -> None:
    assert set(ERRORS.values()) <= set(PROBLEMS)
    assert list(ERRORS)[-1] is GraderError


# --- bodies ------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/v1/grades"])
@pytest.mark.parametrize("headers", [JSON, FORM, {}])
def test_a_body_of_60_mb_is_refused_at_once(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    body = b"x" * 60_000_000
    began = time.perf_counter()

    response = client.post(path, content=body, headers=headers)

    assert response.status_code == 413
    assert time.perf_counter() - began < 1
    assert len(response.content) < 300


@pytest.mark.parametrize("path", ["/", "/v1/grades"])
def test_a_body_in_chunks_is_refused_as_soon_as_it_is_too_large(
    client: TestClient, path: str
) -> None:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    sent = _call(client, path, receive)

    assert sent[0]["status"] == 413
    assert taken == 11


def test_a_declared_length_is_believed_when_it_is_too_large(
    client: TestClient,
) -> None:
    async def receive() -> Message:
        raise AssertionError("the body was read")

    sent = _call(client, "/v1/grades", receive, [(b"content-length", b"1000001")])

    assert sent[0]["status"] == 413


def test_a_client_that_leaves_while_sending_is_nothing_to_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert _call(client, "/v1/grades", receive) == []
    assert caplog.text == ""


def test_a_body_of_just_the_limit_is_taken(make_client: MakeClient) -> None:
    body = json.dumps(GOOD).encode()

    taken = make_client(max_body_bytes=len(body)).post(
        "/v1/grades", content=body, headers=JSON
    )
    refused = make_client(max_body_bytes=len(body) - 1).post(
        "/v1/grades", content=body, headers=JSON
    )

    assert (taken.status_code, refused.status_code) == (200, 413)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"nothing", 400),
        (b'{"question_id": NaN, "answer": "x"}', 400),
        (b'{"question_id": "a", "answer": -Infinity}', 400),
        (b'{"question_id": "a", "question_id": "b", "answer": "x"}', 400),
        (b'{"question_id": "a", "answer": "\xff"}', 400),
        ('{"question_id": "a", "answer": "x"}'.encode("utf-16"), 400),
        (b"[" * 200_000, 400),
        (b"1" * 10_000, 400),
        (b'{"question_id": "overfitting", "answer": "\\ud800"}', 422),
        (b'{"question_id": "\\udfff", "answer": "x"}', 422),
        (b'{"question_id": "overfitting", "answer": "a\\u0000b"}', 422),
        (b'{"\\ud800": "overfitting", "answer": "x"}', 422),
        (b'{"question_id": "overfitting", "answer": ["x"]}', 422),
    ],
)
def test_strange_json_is_refused_and_not_repeated(
    client: TestClient, body: bytes, status: int
) -> None:
    response = client.post("/v1/grades", content=body, headers=JSON)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.content.isascii()
    assert len(response.content) < 300


@pytest.mark.parametrize(
    "said",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/vnd.api+json",
        "",
        "json",
    ],
)
def test_only_json_is_taken_by_the_api(client: TestClient, said: str) -> None:
    response = client.post(
        "/v1/grades", content=json.dumps(GOOD), headers={"content-type": said}
    )

    assert response.status_code == 415


def test_json_may_name_its_character_set(client: TestClient) -> None:
    headers = {"content-type": 'Application/JSON; charset="UTF-8"'}

    response = client.post("/v1/grades", content=json.dumps(GOOD), headers=headers)

    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"answer=x",
        b"question_id=overfitting",
        b"question_id=overfitting&answer=%ff",
        b"question_id=overfitting&answer=%ed%a0%80",
        b"question_id=overfitting&answer=\xc3\xa9",
        b"question_id=overfitting&answer=a&answer=b",
        b"question_id=overfitting&answer=a&other=b",
        b"question_id=overfitting&answer=a&reveal=perhaps",
        b"a=1&b=2&c=3&d=4&e=5",
        b"question_id=overfitting&answer=a%00b",
    ],
)
def test_strange_forms_are_refused(client: TestClient, body: bytes) -> None:
    response = client.post("/", content=body, headers=FORM | HTML)

    assert response.status_code == 422
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_a_form_of_another_kind_is_refused(client: TestClient) -> None:
    response = client.post("/", files={"answer": b"x"}, data={"question_id": "a"})

    assert response.status_code == 415


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.characters(exclude_categories=())), st.text(st.characters()))
def test_no_text_breaks_the_api(
    client: TestClient, answer: str, question_id: str
) -> None:
    for sent in (
        {"question_id": "overfitting", "answer": answer},
        {"question_id": question_id, "answer": answer},
    ):
        response = client.post("/v1/grades", content=json.dumps(sent), headers=JSON)
        assert response.status_code in (200, 404, 422)


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_the_page(client: TestClient, answer: str) -> None:
    response = client.post("/", data=GOOD | {"answer": answer})

    assert response.status_code == (422 if "\x00" in answer else 200)


# --- pages of other sites ----------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "https://proxy.example"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[bad"}, 403),
    ],
)
def test_only_our_own_page_may_send_the_form(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    response = client.post("/", data=GOOD, headers=headers)

    assert response.status_code == status


def test_another_site_may_link_to_the_page(client: TestClient) -> None:
    response = client.get("/", headers={"sec-fetch-site": "cross-site"})

    assert response.status_code == 200


# --- markup ------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_an_answer_stays_text(client: TestClient, attack: str) -> None:
    page = client.post("/", data=GOOD | {"answer": f"It is {attack} so."}).text

    plain = client.post("/", data=GOOD | {"answer": "It is so."}).text
    assert _skeleton(page) == _skeleton(plain)
    assert find(page, "answer").text == f"\nIt is {attack} so."


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_what_a_judge_says_stays_out(
    make_client: MakeClient, attack: str
) -> None:
    client = make_client(by_sentences(rationale=attack))

    page = client.post("/", data=GOOD).text

    assert attack not in page
    assert _skeleton(page) == _skeleton(make_client().post("/", data=GOOD).text)


def _skeleton(page: str) -> list[tuple[str, list[str]]]:
    """Every tag and the names of its attributes, less the chips."""
    return [
        (e.tag, sorted(e.attributes))
        for e in elements(page)
        if e.attributes.get("class") != "chip"
    ]


def _call(
    client: TestClient,
    path: str,
    receive: object,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> list[Message]:
    """Call the application as a server does, with a body of our own making."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers or [],
    }
    asyncio.run(client.app(scope, receive, send))  # type: ignore[arg-type]
    return sent
