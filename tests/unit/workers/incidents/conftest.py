"""Parts of incidents as a scan finds them, and a database to store them in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db import incidents, parts, watermarks
from db.engine import transaction
from db.incidents import EventView, IncidentView
from db.parts import Part, PartView
from db.tables import Notification, Source
from workers.incidents import Recorded, record, tend

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
APPLE = "TICKER:AAPL"


def part(hour: float = 0, *, until: float | None = None, judged: float | None = None, **fields: Any) -> Part:
    """Return a part that opened `hour` hours after noon and resolved `until` hours after it; it is about Apple unless told otherwise."""
    opened = NOON + timedelta(hours=hour)
    resolved = None if until is None else NOON + timedelta(hours=until)
    last = resolved or (opened if judged is None else NOON + timedelta(hours=judged))
    given: dict[str, Any] = {
        "rule": "negative-share",
        "source_id": 1,
        "dimension": "entity",
        "key": APPLE,
        "metric": "share",
        "peak_at": opened,
    } | fields
    if given["dimension"] == "source":
        given["key"] = ""
    return Part(
        **{
            "fingerprint": f"{given['rule']}/{given['source_id']}/{given['dimension']}/{given['key']}",
            "rule_hash": "0123456789ab",
            "opened_at": opened,
            "window_from": given["peak_at"] - timedelta(hours=1),
            "last_judged_at": last,
            "resolved_at": resolved,
            "observed": 0.4,
            "expected": 0.2,
            "p_value": 1e-6,
            "n": 50,
            "n_negative": 20,
            "peak": {"at": given["peak_at"].isoformat(), "p_value": given.get("p_value", 1e-6), "n_judged": 10},
        }
        | given
    )


class Desk:
    """A database with two sources, and what a scan and a person do there; hours count from noon, by both clocks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with transaction(engine) as session:
            session.add_all(
                Source(id=number, name=name, kind="news", taxonomy="finance-desk") for number, name in ((1, "wire"), (2, "desk"))
            )

    def record(
        self, *found: Part, withdrawn: tuple[PartView, ...] = (), judged_before: float | None = -99, now: float = 0, source_id: int = 1
    ) -> Recorded:
        held = watermarks.Held(source_id, "wire" if source_id == 1 else "desk", None)
        before = None if judged_before is None else NOON + timedelta(hours=judged_before)
        at = NOON + timedelta(hours=now)
        with transaction(self.engine) as session:
            return record(session, held=held, found=found, withdrawn=withdrawn, judged_before=before, now=at)

    def tend(self, hour: float, *, rules: tuple[str, ...] = ("negative-share", "negatives", "feed-silent")) -> Recorded:
        with transaction(self.engine) as session:
            return tend(session, rules=rules, now=NOON + timedelta(hours=hour))

    def act(self, change: Callable[..., Any], *args: Any, **asked: Any) -> Any:
        with transaction(self.engine) as session:
            return change(session, *args, **asked)

    def incidents(self) -> list[IncidentView]:
        with transaction(self.engine) as session:
            return sorted(incidents.list_incidents(session), key=lambda one: one.id)

    def one(self) -> IncidentView:
        [found] = self.incidents()
        return found

    def parts(self) -> list[PartView]:
        with transaction(self.engine) as session:
            return parts.read_parts_of(session, [one.id for one in incidents.list_incidents(session)])

    def events(self, incident_id: int = 1) -> list[EventView]:
        with transaction(self.engine) as session:
            return incidents.read_events(session, incident_id)

    def history(self, incident_id: int = 1) -> list[str]:
        return [one.what for one in self.events(incident_id)]

    def queued(self) -> list[tuple[int, str]]:
        with transaction(self.engine) as session:
            rows = session.execute(select(Notification.incident_id, Notification.change).order_by(Notification.id))
            return [(row.incident_id, row.change) for row in rows]


@pytest.fixture
def desk(engine: Engine) -> Desk:
    return Desk(engine)


@pytest.fixture(scope="session")
def turn() -> Callable[..., Part]:
    return part


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON
