"""The API for programs."""

import asyncio
import json
from typing import Any

from starlette.testclient import TestClient

from grader.answer import Answer
from grader.catalogue import QuestionRow
from grader.errors import LLMUnavailable
from grader.grade import Grade
from grader.judgement import Judgement
from grader.rubric import Rubric
from grader.settings import Settings
from grader.wiring import build, open_shelf
from tests.web.conftest import MakeClient
from tests.web.fakes import FakeJudge, by_sentences

ANSWER = "It learns the noise. So it fails on new data.\r\nThe end \U0001f600 came."
BODY = {"question_id": "overfitting", "answer": ANSWER}


def unreachable(rubric: Rubric, answer: Answer) -> Judgement:
    raise LLMUnavailable("timed out")


def problem_of(client: TestClient, status: int, **request: Any) -> dict[str, Any]:
    response = client.post("/v1/grades", **request)
    told: dict[str, Any] = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert set(told) == {"type", "title", "status", "detail"}
    assert told["status"] == status
    assert response.content.isascii()
    return told


def test_a_grade_is_the_object_that_python_returns(client: TestClient) -> None:
    response = client.post("/v1/grades", json=BODY)

    grader = build(Settings(_env_file=None), FakeJudge(by_sentences()))
    direct = json.loads(_run(grader.grade("overfitting", ANSWER)))
    assert response.status_code == 200
    assert _untimed(response.json()) == _untimed(direct)
    assert "strong_answer" not in response.json()["feedback"]


def test_evidence_lies_where_it_says_in_the_answer_as_sent(client: TestClient) -> None:
    grade = client.post("/v1/grades", json=BODY).json()

    cited = [part for finding in grade["findings"] for part in finding["evidence"]]
    assert len(cited) == 2
    assert all(ANSWER[part["start"] : part["end"]] == part["text"] for part in cited)


def test_an_answer_that_could_not_be_judged_is_no_error(
    make_client: MakeClient,
) -> None:
    response = make_client(unreachable).post("/v1/grades", json=BODY)

    assert response.status_code == 200
    assert response.json()["kind"] == "ungraded"
    assert response.json()["code"] == "provider_unavailable"


def test_a_blank_answer_is_a_grade_of_nothing(client: TestClient) -> None:
    response = client.post("/v1/grades", json=BODY | {"answer": " \n"})

    assert (response.json()["percent"], response.json()["band"]) == (0, "none")


def test_questions_are_those_of_the_shelf(client: TestClient) -> None:
    rows = client.get("/v1/questions").json()

    shelf = open_shelf(Settings(_env_file=None))
    assert [row["id"] for row in rows] == list(shelf.paths)
    assert set(rows[0]) == set(QuestionRow.model_fields)


def test_health_says_what_the_service_runs_on(client: TestClient) -> None:
    health = client.get("/healthz").json()

    assert health["status"] == "ok"
    assert health["judge"] == "fake"
    assert health["questions"] == len(client.get("/v1/questions").json())
    assert health["version"]


def test_an_unknown_question_is_not_found(client: TestClient) -> None:
    told = problem_of(client, 404, json=BODY | {"question_id": "näch\x00ste"})

    assert told["title"] == "There is no such question"


def test_an_answer_that_is_too_long_is_told_the_limit(make_client: MakeClient) -> None:
    told = problem_of(make_client(longest_answer=10), 422, json=BODY)

    assert "at most 10" in told["detail"]


def test_a_missing_field_is_named(client: TestClient) -> None:
    told = problem_of(client, 422, json={"question_id": "overfitting"})

    assert told["detail"] == "Missing: answer."


def test_an_unknown_field_is_refused_and_not_repeated(client: TestClient) -> None:
    told = problem_of(client, 422, json=BODY | {"sEcReT": 1})

    assert "sEcReT" not in json.dumps(told)


def test_a_field_of_another_type_is_refused(client: TestClient) -> None:
    told = problem_of(client, 422, json=BODY | {"answer": 5})

    assert told["detail"] == "Wrong type or value: answer."


def test_a_body_that_is_no_object_is_refused(client: TestClient) -> None:
    problem_of(client, 422, json=["overfitting"])
    problem_of(client, 422, content=b"", headers={"content-type": "application/json"})


def test_a_method_that_is_not_taken_names_those_that_are(client: TestClient) -> None:
    response = client.get("/v1/grades")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.headers["content-type"] == "application/problem+json"


def test_a_path_that_is_not_there_is_a_problem(client: TestClient) -> None:
    response = client.get("/v1/nothing", headers={"accept": "text/html"})

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_openapi_has_the_outcome_examples_and_problems(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    assert list(document["paths"]) == ["/v1/grades", "/v1/questions", "/healthz"]
    post = document["paths"]["/v1/grades"]["post"]
    ok = post["responses"]["200"]["content"]["application/json"]["schema"]
    assert ok["discriminator"]["propertyName"] == "kind"
    assert post["requestBody"]["content"]["application/json"]["examples"]
    for status in ("400", "404", "413", "415", "422", "500"):
        content = post["responses"][status]["content"]
        assert list(content) == ["application/problem+json"]
    assert "Grade" in document["components"]["schemas"]


def test_the_example_in_openapi_is_graded(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    body = document["paths"]["/v1/grades"]["post"]["requestBody"]
    examples = body["content"]["application/json"]["examples"].values()

    for example in examples:
        graded = client.post("/v1/grades", json=example["value"])
        assert Grade.model_validate(graded.json()).percent > 0


def test_the_interactive_pages_that_load_from_elsewhere_are_off(
    client: TestClient,
) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def _run(grading: Any) -> str:
    return str(asyncio.run(grading).model_dump_json())


def _untimed(outcome: dict[str, Any]) -> dict[str, Any]:
    usage = {k: v for k, v in outcome["usage"].items() if k != "milliseconds"}
    return outcome | {"usage": usage}
