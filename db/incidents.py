"""Incidents, their events, silences and rules, as stored; when one opens or resolves is left to `workers.alerting`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from db.tables import AlertRule, Incident, IncidentEvent, Silence, Source


@dataclass(frozen=True, slots=True)
class Finding:
    """What the scan knows of one turn; `key` is empty for a whole source. Times are event times."""

    fingerprint: str
    rule: str
    rule_hash: str
    source_id: int
    dimension: str
    key: str
    metric: str
    opened_at: datetime
    peak_at: datetime
    last_judged_at: datetime
    resolved_at: datetime | None
    observed: float
    expected: float
    p_value: float
    n: int
    n_negative: int
    why: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IncidentView(Finding):
    """A stored incident."""

    id: int
    source: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EventView:
    """Who changed an incident, when and why."""

    at: datetime
    who: str
    what: str
    detail: Mapping[str, Any]


def open_incident(session: Session, finding: Finding) -> int:
    """Store a new incident with its first event; return its id."""
    state = "firing" if finding.resolved_at is None else "resolved"
    incident_id = session.scalars(insert(Incident).values(**asdict(finding), state=state).returning(Incident.id)).one()
    add_event(session, incident_id, who="scan", what="opened", detail={"at": finding.opened_at.isoformat()})
    return incident_id


def update_incident(session: Session, incident_id: int, *, finding: Finding) -> None:
    """Bring an incident's figures up to date; an acknowledged one stays acknowledged until it resolves."""
    changes = asdict(finding) | ({"state": "resolved"} if finding.resolved_at else {})
    session.execute(update(Incident).where(Incident.id == incident_id, Incident.state != "resolved").values(**changes))


def add_event(session: Session, incident_id: int, *, who: str, what: str, detail: Mapping[str, Any]) -> None:
    """Append to an incident's history."""
    session.execute(insert(IncidentEvent).values(incident_id=incident_id, who=who, what=what, detail=dict(detail)))


def acknowledge(session: Session, incident_id: int, *, who: str, why: str) -> bool:
    """Mark a firing incident as somebody's; False if it is not firing."""
    changed = update(Incident).where(Incident.id == incident_id, Incident.state == "firing").values(state="acknowledged")
    if session.scalar(changed.returning(Incident.id)) is None:
        return False
    add_event(session, incident_id, who=who, what="acknowledged", detail={"why": why})
    return True


def resolve(session: Session, incident_id: int, *, who: str, why: str) -> bool:
    """End an incident by hand; False if it has ended. If its series stays above its baseline, the next scan opens another."""
    changed = update(Incident).where(Incident.id == incident_id, Incident.state != "resolved")
    changed = changed.values(state="resolved", resolved_at=Incident.last_judged_at)
    if session.scalar(changed.returning(Incident.id)) is None:
        return False
    add_event(session, incident_id, who=who, what="resolved", detail={"why": why})
    return True


def read_incident(session: Session, incident_id: int) -> IncidentView | None:
    """Return one incident."""
    return next(iter(_views(session, _stored().where(Incident.id == incident_id))), None)


def list_incidents(
    session: Session, *, state: str | None = None, source: str | None = None, since: datetime | None = None, limit: int = 100
) -> list[IncidentView]:
    """Return incidents, newest first."""
    query = _stored().order_by(Incident.opened_at.desc(), Incident.p_value, Incident.id).limit(limit)
    for column, wanted in ((Incident.state, state), (Source.name, source)):
        query = query if wanted is None else query.where(column == wanted)
    return _views(session, query if since is None else query.where(Incident.opened_at >= since))


def strongest_incident(session: Session, *, source: str | None = None) -> IncidentView | None:
    """Return the incident least likely by chance; of equals, the one about the narrower series."""
    narrow = func.array_position(["entity", "topic", "source"], Incident.dimension)
    query = _stored().order_by(Incident.p_value, narrow, Incident.id).limit(1)
    return next(iter(_views(session, query if source is None else query.where(Source.name == source))), None)


def read_lasting(session: Session, *, source_id: int, rule: str, since: datetime) -> list[IncidentView]:
    """Return one rule's incidents of one source that are open or ended at or after `since`, oldest first."""
    lasts = (Incident.state != "resolved") | (Incident.resolved_at >= since)
    return _views(
        session, _stored().where(Incident.source_id == source_id, Incident.rule == rule, lasts).order_by(Incident.opened_at, Incident.id)
    )


def read_events(session: Session, incident_id: int) -> list[EventView]:
    """Return an incident's history, oldest first."""
    columns = (IncidentEvent.at, IncidentEvent.who, IncidentEvent.what, IncidentEvent.detail)
    query = select(*columns).where(IncidentEvent.incident_id == incident_id).order_by(IncidentEvent.id)
    return [EventView(*row) for row in session.execute(query)]


def add_silence(session: Session, *, matcher: Mapping[str, str], starts_at: datetime, ends_at: datetime, author: str, reason: str) -> int:
    """Keep notifications about matching series back for a while; `matcher` names any of source, dimension, key and rule."""
    values = {"matcher": dict(matcher), "starts_at": starts_at, "ends_at": ends_at, "author": author, "reason": reason}
    return session.scalars(insert(Silence).values(**values).returning(Silence.id)).one()


def is_silenced(session: Session, *, labels: Mapping[str, str], now: datetime) -> bool:
    """Tell whether a silence in force matches a series' `labels`."""
    matches = Silence.matcher.contained_by(cast(literal(dict(labels), JSONB), JSONB))
    return bool(session.scalar(select(func.count()).where(matches, Silence.starts_at <= now, Silence.ends_at > now)))


def save_rules(session: Session, rules: Mapping[str, tuple[Mapping[str, Any], str]]) -> None:
    """Keep the rules in force, name -> (settings, hash), so that an incident's rule can be looked up later."""
    for name, (settings, digest) in sorted(rules.items()):
        row = upsert(AlertRule).values(name=name, settings=dict(settings), hash=digest)
        changes = {"settings": row.excluded.settings, "hash": row.excluded.hash, "updated_at": func.now()}
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_=changes, where=AlertRule.hash != row.excluded.hash))


_COLUMNS = tuple(name for name in IncidentView.__dataclass_fields__ if name != "source")


def _stored() -> Select[Any]:
    columns = [getattr(Incident, name) for name in _COLUMNS]
    return select(*columns, Source.name.label("source")).join(Source, Source.id == Incident.source_id)


def _views(session: Session, query: Select[Any]) -> list[IncidentView]:
    return [IncidentView(**row) for row in session.execute(query).mappings()]
