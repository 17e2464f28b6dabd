from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, insert

from db import incidents
from db.engine import transaction
from db.incidents import Finding
from db.tables import Rollup, Source
from workers.alert_settings import DEFAULT_RULES
from workers.api.app import create_app

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def client(configured: None) -> Iterator[TestClient]:
    """The API as seen from this machine."""
    with TestClient(create_app(), base_url="http://127.0.0.1", raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def incident_id(engine: Engine) -> int:
    """A firing incident of the source `wire`."""
    with transaction(engine) as session:
        source = Source(name="wire", kind="news", taxonomy="finance-desk")
        session.add(source)
        session.flush()
        series = {"rule": "negative-share", "rule_hash": "h", "source_id": source.id, "dimension": "entity", "key": "TICKER:AAPL"}
        times = {"opened_at": NOON, "peak_at": NOON, "last_judged_at": NOON, "resolved_at": None}
        figures: dict[str, Any] = {"metric": "share", "observed": 0.46, "expected": 0.18, "p_value": 2e-7, "n": 67, "n_negative": 31}
        found = Finding(fingerprint="f", why="It rose.", evidence={"peak": {}}, **series, **times, **figures)  # type: ignore[arg-type]
        return incidents.open_incident(session, found)


def problem(response: Any) -> tuple[int, str]:
    """Return status and kind of a problem."""
    return response.status_code, response.json()["type"].removeprefix("/problems/")


def test_an_incident_is_read_acknowledged_and_resolved_with_its_history(client: TestClient, incident_id: int) -> None:
    [listed] = client.get("/v1/incidents?severity=warning&source=wire").json()["incidents"]
    taken = client.post(f"/v1/incidents/{incident_id}/ack", json={"why": "on it"}).json()
    ended = client.post(f"/v1/incidents/{incident_id}/resolve", json={}).json()

    assert (listed["id"], listed["state"], listed["severity"], listed["n_parts"]) == (incident_id, "firing", "warning", 0)
    assert (taken["state"], taken["events"][-1]["what"], taken["events"][-1]["who"]) == ("acknowledged", "acknowledged", "local")
    assert taken["events"][-1]["detail"] == {"why": "on it"}
    assert [one["what"] for one in ended["events"]] == ["opened", "acknowledged", "resolved"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/v1/incidents/99/ack", {}, (404, "not-found")),
        ("/v1/incidents/99/resolve", {}, (404, "not-found")),
        ("/v1/incidents/99999999999999999999/ack", {}, (422, "invalid-parameter")),
        ("/v1/incidents/1/ack", {"who": "me"}, (422, "invalid-parameter")),
    ],
)
def test_post_to_what_is_not_there_or_not_so_is_a_problem(
    client: TestClient, path: str, body: dict[str, str], expected: tuple[int, str]
) -> None:
    assert problem(client.post(path, json=body)) == expected


def test_ack_twice_is_a_conflict_and_without_json_nothing(client: TestClient, incident_id: int) -> None:
    path = f"/v1/incidents/{incident_id}/ack"
    # What a page of somebody else's could send without asking the browser first.
    assert client.post(path, content="{}", headers={"content-type": "text/plain"}).status_code == 422
    assert client.post(path).status_code == 422

    assert client.post(path, json={}).status_code == 200
    assert problem(client.post(path, json={})) == (409, "conflict")


def test_a_silence_is_made_listed_and_ended(client: TestClient) -> None:
    until = datetime.now(UTC) + timedelta(hours=2)
    made = client.post("/v1/silences", json={"matcher": {"key": "TICKER:*"}, "ends_at": until.isoformat(), "reason": "earnings day"})

    assert made.status_code == 201
    assert client.get(made.headers["location"]).json() == made.json()
    assert (made.json()["state"], made.json()["author"]) == ("active", "local")
    assert client.get("/v1/silences").json()["silences"] == [made.json()]
    assert client.delete(made.headers["location"]).status_code == 204
    assert client.get("/v1/silences").json() == {"silences": []}
    [over] = client.get("/v1/silences?over=true").json()["silences"]
    assert (over["state"], over["ended_by"]) == ("over", "local")
    assert problem(client.delete(made.headers["location"])) == (409, "conflict")


@pytest.mark.parametrize(
    "body",
    [
        {"matcher": {}, "reason": "peace"},
        {"matcher": {"colour": "red"}, "reason": "peace"},
        {"matcher": {"source": "wire"}, "reason": " "},
        {"matcher": {"source": "wire"}, "reason": "late", "ends_at": "2020-01-01T00:00:00Z"},
        {"matcher": {"source": "wire"}, "reason": "naive", "ends_at": "2120-01-01T00:00:00"},
    ],
)
def test_a_silence_that_makes_no_sense_is_a_problem(client: TestClient, body: dict[str, Any]) -> None:
    assert problem(client.post("/v1/silences", json={"ends_at": "2120-01-01T00:00:00Z"} | body)) == (422, "invalid-parameter")


def test_a_rule_is_put_read_by_name_and_hash_and_removed(client: TestClient) -> None:
    made = client.put("/v1/rules/phones", json={"metric": "volume", "window": "PT1H"})

    assert made.status_code == 200
    assert (made.json()["origin"], made.json()["settings"]["window"]) == ("api", "PT1H")
    assert client.get("/v1/rules/phones").json() == made.json()
    assert [one["name"] for one in client.get("/v1/rules").json()["rules"]] == sorted([*DEFAULT_RULES, "phones"])
    assert client.delete("/v1/rules/phones").status_code == 204
    assert problem(client.delete("/v1/rules/phones")) == (404, "not-found")
    assert client.get(f"/v1/rules/{made.json()['hash']}").json() == made.json() | {"origin": "removed"}
    assert problem(client.get("/v1/rules/phoney")) == (404, "not-found")


@pytest.mark.parametrize(
    ("name", "body", "expected", "detail"),
    [
        ("phones", {"metric": "mood"}, 422, "metric: write 'share', 'negatives' or 'volume'"),
        ("phones", {"window": "PT0S"}, 422, "window"),
        ("phones", {"window": "PT20M"}, 422, "whole number of buckets"),
        ("phones", {"windw": "PT1H"}, 422, "did you mean window?"),
        ("two words", {}, 422, "is no name of a rule"),
        ("negative-share", {}, 409, "stands in the settings"),
    ],
)
def test_a_rule_that_is_none_is_a_problem_that_says_the_mend(
    client: TestClient, name: str, body: dict[str, str], expected: int, detail: str
) -> None:
    refused = client.put(f"/v1/rules/{name}", json=body)

    assert refused.status_code == expected
    assert detail in refused.json()["detail"]


def test_a_rule_that_never_fires_needs_force(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        source = Source(name="wire", kind="news", taxonomy="finance-desk")
        session.add(source)
        session.flush()
        same = {"dimension": "source", "source_id": source.id, "key": "", "n": 2, "n_negative": 0, "n_neutral": 2, "n_positive": 0}
        session.execute(insert(Rollup), [same | {"bucket_at": NOON + timedelta(minutes=15 * index)} for index in range(4 * 96)])

    refused = client.put("/v1/rules/deaf", json={"min_records": 99_999})

    assert problem(refused) == (409, "conflict")
    assert "never fires" in refused.json()["detail"]
    assert client.put("/v1/rules/deaf?force=true", json={"min_records": 99_999}).status_code == 200
