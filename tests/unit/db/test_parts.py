from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from db import incidents, parts
from db.engine import transaction
from db.incidents import Finding
from db.parts import Part, PartView
from db.tables import Source

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
APPLE = "TICKER:AAPL"


def part(hour: float = 0, *, until: float | None = None, **fields: Any) -> Part:
    opened, ended = NOON + hour * HOUR, None if until is None else NOON + until * HOUR
    times = {"opened_at": opened, "window_from": opened - HOUR, "peak_at": opened, "last_judged_at": ended or opened, "resolved_at": ended}
    series = {"fingerprint": "f", "rule": "share", "rule_hash": "h", "source_id": 1, "dimension": "entity", "key": APPLE, "metric": "share"}
    figures = {
        "observed": 0.5,
        "expected": 0.25,
        "p_value": 0.5,
        "n": 40,
        "n_negative": 20,
        "peak": {"start": "2026-03-02", "p_value": 1e-60},
    }
    return Part(**{**series, **times, **figures, **fields})


@pytest.fixture
def keep(engine: Engine) -> Callable[..., PartView]:
    """Store a part with an incident of its own and return it as stored."""
    with transaction(engine) as session:
        session.add_all(Source(id=number, name=name, kind="news", taxonomy="finance-desk") for number, name in ((1, "wire"), (2, "desk")))

    def keep(one: Part, *, late_before: datetime | None = None) -> PartView:
        with transaction(engine) as session:
            incident_id = incidents.open_incident(session, Finding.of(one))
            parts.add_part(session, one, incident_id=incident_id, late_before=late_before)
            [stored] = parts.read_parts_of(session, [incident_id])
        return stored

    return keep


def test_a_part_comes_back_as_it_was_stored(keep: Callable[..., PartView]) -> None:
    given = part(until=2)

    stored = keep(given, late_before=NOON)

    assert {name: getattr(stored, name) for name in Part.__dataclass_fields__} == asdict(given)
    assert (stored.source, stored.withdrawn, stored.late_before) == ("wire", False, NOON)


def test_read_parts_returns_what_is_open_or_ended_since_of_one_rule_and_source(keep: Callable[..., PartView], engine: Engine) -> None:
    kept = [keep(part(hour, until=until)) for hour, until in ((4, None), (-9, -8), (0, 1), (2, 3))]
    keep(part(fingerprint="g", rule="negatives"))
    keep(part(fingerprint="i", source_id=2))

    with transaction(engine) as session:
        found = parts.read_parts(session, source_id=1, rule="share", since=NOON + HOUR)

    assert found == [kept[2], kept[3], kept[0]]


def test_withdrawn_parts_are_read_no_more_but_stay_and_can_come_back(keep: Callable[..., PartView], engine: Engine) -> None:
    one = keep(part())

    with transaction(engine) as session:
        parts.withdraw_parts(session, [one.id], at=NOON)
        assert parts.read_parts(session, source_id=1, rule="share", since=NOON) == []
        assert [found.withdrawn for found in parts.read_turns(session, ["f"], since=NOON)] == [True]
        parts.update_part(session, one.id, part=part(until=3))
        assert [found.resolved_at for found in parts.read_parts(session, source_id=1, rule="share", since=NOON)] == [NOON + 3 * HOUR]


def test_a_series_has_one_open_part_at_a_time(keep: Callable[..., PartView]) -> None:
    keep(part())

    with pytest.raises(IntegrityError, match="uq_incident_part_open"):
        keep(part(1))
    with pytest.raises(IntegrityError, match="uq_incident_part_turn"):
        keep(part(until=1))


def test_read_near_returns_what_a_turn_may_belong_with(keep: Callable[..., PartView], engine: Engine) -> None:
    own, elsewhere = keep(part(dimension="source", key="")), keep(part(fingerprint="2", source_id=2))
    silent = keep(part(fingerprint="3", source_id=2, dimension="source", key="", metric="silence"))
    ended = keep(part(fingerprint="4", until=1))
    keep(part(fingerprint="5", source_id=2, key="ORG:other"))
    keep(part(fingerprint="6", source_id=2, dimension="topic", key=APPLE))
    keep(part(9, fingerprint="7"))
    by_hand = keep(part(fingerprint="8"))

    with transaction(engine) as session:
        incidents.resolve(session, by_hand.incident_id, who="ana", why="")
        near = parts.read_near(session, source_id=1, keys=[APPLE], since=NOON, until=NOON + HOUR)
        late = parts.read_near(session, source_id=1, keys=[APPLE], since=NOON + 2 * HOUR, until=NOON + 3 * HOUR)

    assert near == [own, elsewhere, silent, ended]
    assert late == []


def test_retire_parts_ends_those_of_other_rules_where_they_were_last_judged(keep: Callable[..., PartView], engine: Engine) -> None:
    gone, kept = keep(part(rule="old")), keep(part(fingerprint="g"))

    with transaction(engine) as session:
        assert parts.retire_parts(session, rules=["share"]) == [gone.incident_id]
        assert parts.retire_parts(session, rules=["share"]) == []
        found = parts.read_parts_of(session, [gone.incident_id, kept.incident_id])

    assert [one.resolved_at for one in found] == [NOON, None]
