"""The service as tests use it: real rubrics, a fake judge."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from grader.settings import Settings
from grader.web.app import create_app
from grader.wiring import build
from tests.web.fakes import FakeJudge, Judging, by_sentences

MakeClient = Callable[..., TestClient]


@pytest.fixture
def make_client() -> MakeClient:
    """Makes a client of a service with this judging and these settings."""

    def make(judging: Judging | None = None, **settings: object) -> TestClient:
        set_to = Settings(_env_file=None, **settings)  # type: ignore[arg-type]
        judge = FakeJudge(judging or by_sentences())
        app = create_app(build(set_to, judge), set_to)
        return TestClient(app, raise_server_exceptions=True)

    return make


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    return make_client()
