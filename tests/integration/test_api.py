import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from db.engine import transaction
from db.keys import create_key, revoke_key
from workers import doorbell
from workers.api.app import create_app
from workers.api.problems import TYPES
from workers.settings import settings

ANALYSIS = """
    INSERT INTO analysis (
        record_id, model_id, sentiment, sentiment_score, p_negative, p_neutral, p_positive,
        taxonomy, topic, topic_score, topics, n_tokens, n_windows, analyzed_at
    )
    SELECT :record, id, 'negative', 0.5, 0.5, 0.25, 0.25, 'finance-desk', 'earnings', 0.75,
        '[{"label": "earnings", "score": 0.75}]', 3, 1, now() + id * interval '1 second'
    FROM model_revision WHERE revision = :model
"""
MENTION = """
    INSERT INTO mention (record_id, model_id, start_offset, end_offset, entity_group, word, entity, score, sentiment, sentiment_score)
    SELECT :record, id, start, start + 4, 'ORG', word, lower(word), 0.5, said, score
    FROM model_revision, (VALUES (0, 'Acme', 'negative', 0.75), (5, 'lost', NULL, NULL)) AS mentioned (start, word, said, score)
    WHERE revision = :model
"""
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was rung for."""
    heard: list[Any] = []

    def ring(batch_ids: list[Any], **_: Any) -> int:
        heard.extend(batch_ids)
        return len(batch_ids)

    monkeypatch.setattr(doorbell, "ring", ring)
    return heard


@pytest.fixture
def client(configured: None, rung: list[Any]) -> Iterator[TestClient]:
    """The API as seen from this machine."""
    with TestClient(create_app(), base_url="http://127.0.0.1", raise_server_exceptions=False) as one:
        yield one


def count(engine: Engine, query: str) -> Any:
    with transaction(engine) as session:
        return session.scalar(text(query))


def problem(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["detail"]
    return body["status"], body["type"].removeprefix("/problems/")


def test_post_one_record_answers_202_and_its_job(client: TestClient, engine: Engine) -> None:
    response = client.post("/v1/records", json={"text": "Profits fell.", "external_id": "a", "source": "desk"})

    assert response.status_code == 202
    body = response.json()
    assert response.headers["location"] == body["job"] == f"/v1/jobs/{body['job_id']}"
    assert [(item["line"], item["status"], item["external_id"]) for item in body["items"]] == [(1, "new", "a")]
    job = client.get(body["job"]).json()
    assert (job["state"], job["n_total"], job["submitted_by"]) == ("running", 1, "local")
    assert client.get("/v1/jobs").json()["jobs"] == [job]


def test_post_one_record_lingers_and_is_batched_by_itself(client: TestClient, engine: Engine, rung: list[Any]) -> None:
    client.post("/v1/records", json={"text": "Profits fell."})
    client.app.state.lingerer.stop()  # type: ignore[attr-defined]

    assert count(engine, "SELECT count(*) FROM batch") == 1
    assert len(rung) == 1


def test_post_a_list_tells_of_every_record_and_one_bad_never_fails_the_rest(client: TestClient, engine: Engine) -> None:
    response = client.post("/v1/records", json=[{"text": "one"}, {"text": ""}, "two", {"text": "one"}])

    assert response.status_code == 202
    body = response.json()
    assert (body["n_new"], body["n_duplicate"], body["n_rejected"]) == (1, 1, 2)
    assert [(item["line"], item["status"], item["reason"]) for item in body["items"]] == [
        (1, "new", None),
        (2, "rejected", "no_text"),
        (3, "rejected", "not_an_object"),
        (4, "duplicate", None),
    ]
    assert count(engine, "SELECT count(*) FROM quarantine WHERE payload IS NOT NULL") == 2


def test_post_an_envelope_sets_what_its_records_share_and_the_query_wins(client: TestClient, engine: Engine) -> None:
    envelope = {"records": [{"text": "one"}], "source": "calls", "kind": "support", "lane": "backfill", "taxonomy": "complaints"}

    client.post("/v1/records", json=envelope)
    client.post("/v1/records?source=other&kind=news", json=envelope)

    with transaction(engine) as session:
        found = session.execute(
            text("SELECT name, source.kind, taxonomy, lane FROM source JOIN record ON source_id = source.id ORDER BY name")
        ).all()
    assert [tuple(row) for row in found] == [("calls", "support", "complaints", "backfill"), ("other", "news", "complaints", "backfill")]


def test_post_lines_numbers_them(client: TestClient) -> None:
    body = b'{"text": "one"}\n\n{"text": \n{"text": "caf\xe9"}\n{"text": "two"}'

    response = client.post("/v1/records", content=body, headers=LINES)

    assert [(item["line"], item["status"], item["reason"]) for item in response.json()["items"]] == [
        (1, "new", None),
        (3, "rejected", "broken_json"),
        (4, "rejected", "not_utf8"),
        (5, "new", None),
    ]


def test_post_of_bad_records_only_is_a_problem_that_says_why(client: TestClient, engine: Engine) -> None:
    response = client.post("/v1/records", json=[{"text": ""}, {"text": "a", "published_at": "soon"}])

    assert problem(response) == (422, "all-rejected")
    assert [item["reason"] for item in response.json()["items"]] == ["no_text", "bad_time"]
    assert count(engine, "SELECT count(*) FROM quarantine") == 2


def test_post_again_with_its_key_does_nothing(client: TestClient, engine: Engine) -> None:
    headers = {"Idempotency-Key": "k"}
    first = client.post("/v1/records", json=[{"text": "one"}, {"text": ""}], headers=headers)

    again = client.post("/v1/records", json=[{"text": "one"}, {"text": ""}], headers=headers)
    other = client.post("/v1/records", json=[{"text": "other"}], headers=headers)

    assert again.status_code == 202
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.json()["job_id"], again.json()["n_new"], again.json()["replayed"]) == (first.json()["job_id"], 1, True)
    assert problem(other) == (409, "conflict")
    assert count(engine, "SELECT count(*) FROM job") == 1


def test_post_unpacks_gzip(client: TestClient) -> None:
    response = client.post(
        "/v1/records", content=gzip.compress(b'{"text": "one"}'), headers={"content-type": "application/json", "content-encoding": "gzip"}
    )

    assert response.status_code == 202


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b'{"text": ', {"content-type": "application/json"}, (400, "bad-request")),
        (b'{"text": "caf\xe9"}', {"content-type": "application/json"}, (400, "bad-request")),
        (b"[]", {"content-type": "application/json"}, (400, "bad-request")),
        (b"", LINES, (400, "bad-request")),
        (b"text", {"content-type": "text/plain"}, (415, "unsupported-media-type")),
        (b'{"text": "a"}', {}, (415, "unsupported-media-type")),
        (b"no gzip", LINES | {"content-encoding": "gzip"}, (400, "bad-request")),
        (gzip.compress(b'{"text": "a"}' * 99)[:-20], LINES | {"content-encoding": "gzip"}, (400, "bad-request")),
        (b"{}", LINES | {"content-encoding": "br"}, (415, "unsupported-media-type")),
        (b'{"records": [], "lane": "fast"}', {"content-type": "application/json"}, (400, "bad-request")),
        (b'{"records": [{"text": "a"}], "lane": "fast"}', {"content-type": "application/json"}, (422, "invalid-parameter")),
        (b'{"records": [{"text": "a"}], "sauce": "x"}', {"content-type": "application/json"}, (422, "invalid-parameter")),
        (b'{"records": [{"text": "a"}], "taxonomy": "x"}', {"content-type": "application/json"}, (422, "invalid-parameter")),
    ],
)
def test_post_of_what_cannot_be_read_stores_nothing(
    client: TestClient, engine: Engine, content: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    response = client.post("/v1/records", content=content, headers=headers)

    assert problem(response) == expected
    assert count(engine, "SELECT count(*) FROM job") == 0


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(f"BELLWETHER_INTAKE__{name.upper()}", str(value))
    settings.cache_clear()


def test_post_over_the_limit_of_bytes_is_413(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, max_request_bytes=1_000)

    told = client.post("/v1/records", json={"text": "x" * 1_000})
    streamed = client.post("/v1/records", content=(b"x" * 100 for _ in range(50)), headers=LINES)
    bomb = client.post("/v1/records", content=gzip.compress(b"\n" * 10_000_000), headers=LINES | {"content-encoding": "gzip"})

    assert problem(told) == problem(streamed) == problem(bomb) == (413, "too-large")
    assert told.json()["limit_bytes"] == 1_000


def test_post_over_the_limit_of_records_is_413(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, max_request_records=2)

    response = client.post("/v1/records", json=[{"text": "a"}] * 3)

    assert problem(response) == (413, "too-large")
    assert response.json()["limit_records"] == 2


def test_post_over_the_backlog_is_429_with_retry_after(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/v1/records", json=[{"text": "a"}, {"text": "b"}])
    limited(monkeypatch, max_backlog_records=2)

    response = client.post("/v1/records", json={"text": "c"})

    assert problem(response) == (429, "overloaded")
    assert int(response.headers["retry-after"]) > 0
    assert "MAX_BACKLOG_RECORDS" in response.json()["detail"]


def test_get_record_waits_for_its_analysis(client: TestClient) -> None:
    posted = client.post("/v1/records", json={"text": "a\x00🎉", "published_at": "2026-01-02", "ticker": "ACM"}).json()

    record = client.get(f"/v1/records/{posted['items'][0]['record_id']}").json()

    assert (record["text"], record["state"], record["analysis"]) == ("a\ufffd🎉", "pending", None)
    assert record["attributes"] == {"ticker": "ACM"}
    assert record["job_id"] == posted["job_id"]


def test_get_record_tells_its_newest_analysis(client: TestClient, engine: Engine) -> None:
    posted = client.post("/v1/records", json={"text": "Acme lost."}).json()
    record_id = posted["items"][0]["record_id"]
    with transaction(engine) as session:
        session.execute(text("INSERT INTO model_revision (name, revision) VALUES ('default', 'old'), ('default', 'new')"))
        for model in ("old", "new"):
            session.execute(text(ANALYSIS), {"record": record_id, "model": model})
            session.execute(text(MENTION), {"record": record_id, "model": model})

    said = client.get(f"/v1/records/{record_id}").json()["analysis"]

    assert (said["model"], said["revision"]) == ("default", "new")
    assert said["sentiment"] == {"label": "negative", "score": 0.5}
    assert said["sentiment_scores"] == {"negative": 0.5, "neutral": 0.25, "positive": 0.25}
    assert said["topic"] == {"label": "earnings", "score": 0.75}
    assert [(one.pop("word"), one.pop("sentiment")) for one in said["mentions"]] == [
        ("Acme", {"label": "negative", "score": 0.75}),
        ("lost", None),
    ]
    assert said["mentions"][0] == {"entity_group": "ORG", "start": 0, "end": 4, "score": 0.5, "entity": "acme"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/records/99", (404, "not-found")),
        ("/v1/jobs/00000000-0000-0000-0000-000000000000", (404, "not-found")),
        ("/v1/incidents/99", (404, "not-found")),
        ("/v1/nothing", (404, "not-found")),
        ("/v1/jobs/17", (422, "invalid-parameter")),
        ("/v1/jobs?limit=0", (422, "invalid-parameter")),
        ("/v1/records", (405, "method-not-allowed")),
    ],
)
def test_get_of_what_is_not_there_is_a_problem(client: TestClient, path: str, expected: tuple[int, str]) -> None:
    assert problem(client.get(path)) == expected


def test_get_incidents_of_a_new_database_is_empty(client: TestClient) -> None:
    assert client.get("/v1/incidents?state=firing&since=2026-01-01T00:00:00Z").json() == {"incidents": []}


def test_an_unforeseen_error_tells_nothing_of_itself(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("workers.api.jobs.list_jobs", fail)

    response = client.get("/v1/jobs")

    assert problem(response) == (500, "internal")
    assert "secret" not in response.text


def test_a_database_that_does_not_answer_is_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from workers import endpoints

    monkeypatch.setenv("BELLWETHER_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    endpoints.engine.cache_clear()

    response = client.post("/v1/records", json={"text": "a"})

    assert problem(response) == (503, "unavailable")
    assert response.headers["retry-after"]
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_probes_answer_anybody(client: TestClient) -> None:
    assert client.get("/healthz", headers={"host": "elsewhere"}).json() == {"status": "ok"}
    ready = client.get("/readyz", headers={"host": "elsewhere"})
    assert (ready.status_code, ready.json()["status"]) == (200, "ready"), ready.json()
    assert "bellwether_up 1.0" in client.get("/metrics", headers={"host": "elsewhere"}).text


def test_every_problem_type_can_be_read(client: TestClient) -> None:
    for slug, meaning in TYPES.items():
        assert client.get(f"/problems/{slug}").json() == {"type": f"/problems/{slug}", "description": meaning}


def test_an_api_on_loopback_answers_to_no_other_name(client: TestClient) -> None:
    assert problem(client.get("/v1/jobs", headers={"host": "rebound.example"})) == (403, "forbidden")
    assert client.get("/v1/jobs", headers={"host": "localhost:8000"}).status_code == 200


@pytest.mark.parametrize("how", ["setting", "host", "socket"])
def test_an_api_off_loopback_asks_for_a_key(configured: None, engine: Engine, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "setting":
        monkeypatch.setenv("BELLWETHER_API__REQUIRE_KEY", "true")
    if how == "host":
        monkeypatch.setenv("BELLWETHER_API__HOST", "0.0.0.0")  # noqa: S104  # what is tested
    settings.cache_clear()
    with transaction(engine) as session:
        key = create_key(session, "desk", who="test")

    with TestClient(create_app(), base_url="http://10.0.0.7" if how == "socket" else "http://127.0.0.1") as client:
        assert problem(client.get("/v1/jobs")) == (401, "unauthorized")
        assert problem(client.get("/v1/jobs", headers={"Authorization": "Bearer wrong"})) == (401, "unauthorized")
        assert problem(client.post("/v1/records", content=b"x" * 100, headers={"X-API-Key": "wrong"})) == (401, "unauthorized")
        posted = client.post("/v1/records", json={"text": "a"}, headers={"Authorization": f"Bearer {key}"})
        assert posted.status_code == 202
        job = client.get(posted.json()["job"], headers={"X-API-Key": str(key)}).json()
        assert job["submitted_by"] == "key:desk"
        assert client.get("/healthz").status_code == 200
        with transaction(engine) as session:
            assert revoke_key(session, "desk", who="test")
        assert problem(client.get("/v1/jobs", headers={"X-API-Key": str(key)})) == (401, "unauthorized")


def test_the_keys_of_two_callers_never_meet(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        keys = [create_key(session, name, who="test") for name in ("one", "two")]

    first, second = (
        client.post("/v1/records", json={"text": "a"}, headers={"Idempotency-Key": "k", "X-API-Key": str(key)}).json() for key in keys
    )

    assert first["job_id"] != second["job_id"]


def test_openapi_tells_of_problems_and_both_ways_to_send(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    post = document["paths"]["/v1/records"]["post"]
    assert set(post["requestBody"]["content"]) == {"application/json", "application/x-ndjson"}
    assert {"202", "413", "422", "429"} <= set(post["responses"])
    assert json.dumps(document)
