from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db import incidents, parts
from db.incidents import Finding, Standing
from db.parts import Part
from db.tables import Source

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def part(hour: float = 0, **fields: Any) -> Part:
    at = NOON + hour * HOUR
    given: dict[str, Any] = {
        "fingerprint": f"f{hour}",
        "rule": "share",
        "rule_hash": "h",
        "source_id": 1,
        "dimension": "entity",
        "key": "TICKER:AAPL",
        "metric": "share",
        "opened_at": at,
        "window_from": at - HOUR,
        "peak_at": at,
        "last_judged_at": at,
        "resolved_at": None,
        "observed": 0.5,
        "expected": 0.25,
        "p_value": 0.5,
        "n": 40,
        "n_negative": 20,
        "peak": {"n_judged": 3},
    }
    return Part(**given | fields)


@pytest.fixture
def opened(session: Session) -> Callable[..., int]:
    """Store an incident of one part; return its id."""
    session.add_all(Source(id=number, name=name, kind="news", taxonomy="finance-desk") for number, name in ((1, "wire"), (2, "desk")))
    session.flush()

    def opened(one: Part) -> int:
        incident_id = incidents.open_incident(session, Finding.of(one, why="It rose."))
        parts.add_part(session, one, incident_id=incident_id, late_before=None)
        return incident_id

    return opened


def test_open_incident_stores_what_it_says_and_its_first_event(session: Session, opened: Callable[..., int]) -> None:
    found = incidents.read_incident(session, opened(part()))

    assert found
    assert (found.source, found.state, found.severity, found.n_parts, found.why) == ("wire", "firing", "warning", 1, "It rose.")
    assert found.evidence == {"peak": {"n_judged": 3}}
    assert found.standing == Standing()
    [event] = incidents.read_events(session, found.id)
    assert (event.who, event.what, event.detail) == ("scan", "opened", {"at": "2026-03-02T12:00:00+00:00"})


def test_update_incident_changes_what_it_says_but_not_its_fingerprint(session: Session, opened: Callable[..., int]) -> None:
    number = opened(part())
    standing = Standing(state="acknowledged", severity="critical", told_at=NOON, told_severity="warning", n_reminders=2, n_reopened=1)

    incidents.update_incident(session, number, finding=Finding.of(part(2, key="ORG:x"), why="Worse."), standing=standing)

    found = incidents.read_incident(session, number)
    assert found
    assert (found.fingerprint, found.key, found.why, found.standing) == ("f0", "ORG:x", "Worse.", standing)
    incidents.update_incident(session, number, standing=Standing())
    assert (changed := incidents.read_incident(session, number))
    assert (changed.key, changed.standing) == ("ORG:x", Standing())


def test_acknowledge_and_resolve_happen_once_and_are_kept_with_who_and_why(session: Session, opened: Callable[..., int]) -> None:
    number = opened(part())

    assert incidents.acknowledge(session, number, who="ana", why="on it")
    assert not incidents.acknowledge(session, number, who="bo", why="me too")
    assert incidents.resolve(session, number, who="bo", why="")
    assert not incidents.resolve(session, number, who="bo", why="")
    assert not incidents.resolve(session, 99, who="bo", why="")

    found = incidents.read_incident(session, number)
    assert found
    assert (found.state, found.closed_by, found.resolution, found.resolved_at) == ("resolved", "bo", "ended by hand", NOON)
    assert [(one.who, one.what) for one in incidents.read_events(session, number)[1:]] == [("ana", "acknowledged"), ("bo", "resolved")]


def test_list_incidents_shows_the_newest_first_by_state_severity_source_and_time(session: Session, opened: Callable[..., int]) -> None:
    first, second, third = opened(part()), opened(part(1, source_id=2)), opened(part(2))
    incidents.resolve(session, first, who="ana", why="")
    incidents.update_incident(session, third, standing=Standing(severity="critical"))
    parts.add_part(session, part(3, source_id=2), incident_id=third, late_before=None)

    def listed(**asked: Any) -> list[int]:
        return [one.id for one in incidents.list_incidents(session, **asked)]

    assert listed() == [third, second, first]
    assert listed(limit=1) == [third]
    assert listed(state="firing") == [third, second]
    assert listed(severity="critical") == [third]
    assert listed(source="wire") == [third, first]
    assert listed(source="desk") == [third, second]
    assert listed(since=NOON + HOUR) == [third, second]
    assert [one.id for one in incidents.read_open(session)] == [second, third]


def test_strongest_incident_is_the_least_likely_and_of_equals_the_narrower(session: Session, opened: Callable[..., int]) -> None:
    assert incidents.strongest_incident(session) is None
    opened(part(dimension="source", key="", p_value=0.25))
    opened(part(1, p_value=0.5))
    entity = opened(part(2, p_value=0.25, source_id=2))

    assert (found := incidents.strongest_incident(session))
    assert found.id == entity
    assert (elsewhere := incidents.strongest_incident(session, source="wire"))
    assert elsewhere.dimension == "source"


def test_views_show_incidents_and_their_parts(session: Session, opened: Callable[..., int]) -> None:
    number = opened(part())
    late = parts.add_part(session, part(1, key="ORG:x"), incident_id=number, late_before=NOON)
    parts.withdraw_parts(session, [parts.add_part(session, part(2), incident_id=number, late_before=None)], at=NOON)

    [row] = session.execute(text("SELECT incident_id, severity, n_parts, told_at, n_reminders FROM v_incidents"))
    shown = session.execute(text("SELECT part_id, source, key, is_late, withdrawn_at FROM v_incident_parts ORDER BY part_id")).all()

    assert tuple(row) == (number, "warning", 2, None, 0)
    assert [(one.key, one.is_late, one.withdrawn_at) for one in shown] == [
        ("TICKER:AAPL", False, None),
        ("ORG:x", True, None),
        ("TICKER:AAPL", False, NOON),
    ]
    assert shown[1].part_id == late
