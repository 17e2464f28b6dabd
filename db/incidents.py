"""Incidents and their history as stored; when one opens, is told or resolves is left to `workers.incidents`.

Its parts stand in `db.parts`, silences in `db.silences`; what others need of them can be had from here.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.orm import Session

from db.among import among
from db.parts import Part, PartView, read_parts, read_parts_of
from db.silences import SilenceView, add_silence, end_silence, list_silences
from db.tables import Incident, IncidentEvent, IncidentPart, Source

__all__ = [
    "EventView",
    "Finding",
    "IncidentView",
    "Part",
    "PartView",
    "SilenceView",
    "Standing",
    "acknowledge",
    "add_event",
    "add_silence",
    "end_silence",
    "list_incidents",
    "list_silences",
    "lock",
    "open_incident",
    "read_events",
    "read_incident",
    "read_incidents",
    "read_open",
    "read_parts",
    "read_parts_of",
    "resolve",
    "strongest_incident",
    "update_incident",
]

_ONE_AT_A_TIME = 0x696E6364  # "incd": any number, as long as everybody who groups parts takes the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an incident says: the figures of its lead, in words and with evidence; `key` is empty for a whole source. Times are event times.

    `fingerprint` is that of the part that opened it, whichever leads.
    """

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

    @classmethod
    def of(cls, part: Part, *, why: str = "", evidence: Mapping[str, Any] | None = None) -> Self:
        """Return what there is to say of a part."""
        same = {name: getattr(part, name) for name in Finding.__dataclass_fields__ if name not in {"why", "evidence"}}
        return cls(**same, why=why, evidence={"peak": dict(part.peak)} if evidence is None else evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an incident stands: with people, whom nobody told of it where `told_at` is None, and by the wall clock."""

    state: str = "firing"
    severity: str = "warning"
    resolution: str | None = None
    told_at: datetime | None = None
    told_severity: str | None = None
    silenced_at: datetime | None = None
    n_reminders: int = 0
    n_reopened: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView(Finding):
    """A stored incident; `n_parts` counts those that late records did not take back."""

    id: int
    source: str
    state: str
    created_at: datetime
    severity: str = "warning"
    resolution: str | None = None
    closed_by: str | None = None
    told_at: datetime | None = None
    told_severity: str | None = None
    silenced_at: datetime | None = None
    n_reminders: int = 0
    n_reopened: int = 0
    n_parts: int = 1

    @property
    def standing(self) -> Standing:
        """Return how it stands."""
        return Standing(**{name: getattr(self, name) for name in Standing.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class EventView:
    """Who changed an incident, when and why."""

    at: datetime
    who: str
    what: str
    detail: Mapping[str, Any]


def lock(session: Session) -> None:
    """Let nobody else group parts into incidents until the transaction ends: two sources may turn over one thing at once."""
    session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))


def open_incident(session: Session, finding: Finding) -> int:
    """Store a new incident with its first event; return its id."""
    state = "firing" if finding.resolved_at is None else "resolved"
    incident_id = session.scalars(insert(Incident).values(**asdict(finding), state=state).returning(Incident.id)).one()
    add_event(session, incident_id, who="scan", what="opened", detail={"at": finding.opened_at.isoformat()})
    return incident_id


def update_incident(session: Session, incident_id: int, *, finding: Finding | None = None, standing: Standing | None = None) -> None:
    """Bring up to date what an incident says, how it stands, or both; its fingerprint stays."""
    said = {name: value for name, value in asdict(finding).items() if name != "fingerprint"} if finding else {}
    stands = asdict(standing) if standing else {}
    session.execute(update(Incident).where(Incident.id == incident_id).values(**said, **stands))


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
    """End an incident by hand; False if it has ended. Its parts go on being judged, but nobody is told; a new turn opens another."""
    changed = update(Incident).where(Incident.id == incident_id, Incident.state != "resolved")
    values = {"state": "resolved", "resolved_at": Incident.last_judged_at, "closed_by": who, "resolution": why or "ended by hand"}
    if session.scalar(changed.values(values).returning(Incident.id)) is None:
        return False
    add_event(session, incident_id, who=who, what="resolved", detail={"why": why})
    return True


def read_incident(session: Session, incident_id: int) -> IncidentView | None:
    """Return one incident."""
    return next(iter(_views(session, _stored().where(Incident.id == incident_id))), None)


def read_incidents(session: Session, incident_ids: Collection[int]) -> list[IncidentView]:
    """Return some incidents, oldest first, locked until the transaction ends: people may be changing them too."""
    return _views(session, _stored().where(among(Incident.id, incident_ids)).order_by(Incident.id).with_for_update(of=Incident))


def read_open(session: Session) -> list[IncidentView]:
    """Return every incident that has not ended, oldest first, locked until the transaction ends."""
    return _views(session, _stored().where(Incident.state != "resolved").order_by(Incident.id).with_for_update(of=Incident))


def list_incidents(
    session: Session,
    *,
    state: str | None = None,
    source: str | None = None,
    severity: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[IncidentView]:
    """Return incidents, newest first; of a `source` are those with a part in it."""
    query = _stored().order_by(Incident.opened_at.desc(), Incident.p_value, Incident.id).limit(limit)
    for column, wanted in ((Incident.state, state), (Incident.severity, severity)):
        query = query if wanted is None else query.where(column == wanted)
    query = query if source is None else query.where(_touches(source))
    return _views(session, query if since is None else query.where(Incident.opened_at >= since))


def strongest_incident(session: Session, *, source: str | None = None) -> IncidentView | None:
    """Return the incident least likely by chance; of equals, the one about the narrower series."""
    narrow = func.array_position(["entity", "topic", "source"], Incident.dimension)
    query = _stored().order_by(Incident.p_value, narrow, Incident.id).limit(1)
    return next(iter(_views(session, query if source is None else query.where(_touches(source)))), None)


def read_events(session: Session, incident_id: int) -> list[EventView]:
    """Return an incident's history, oldest first."""
    columns = (IncidentEvent.at, IncidentEvent.who, IncidentEvent.what, IncidentEvent.detail)
    query = select(*columns).where(IncidentEvent.incident_id == incident_id).order_by(IncidentEvent.id)
    return [EventView(*row) for row in session.execute(query)]


_COLUMNS = tuple(name for name in IncidentView.__dataclass_fields__ if name not in {"source", "n_parts"})


def _stored() -> Select[Any]:
    columns = [getattr(Incident, name) for name in _COLUMNS]
    kept = (IncidentPart.incident_id == Incident.id, IncidentPart.withdrawn_at.is_(None))
    n_parts = select(func.count()).select_from(IncidentPart).where(*kept).correlate(Incident).scalar_subquery()
    named = select(*columns, Source.name.label("source"), n_parts.label("n_parts"))
    return named.join(Source, Source.id == Incident.source_id)


def _touches(source: str) -> ColumnElement[bool]:
    """Say whether an incident's lead or any of its parts is of a source."""
    inside = select(Source.id).where(Source.name == source).scalar_subquery()
    kept = (IncidentPart.incident_id == Incident.id, IncidentPart.withdrawn_at.is_(None), IncidentPart.source_id == inside)
    return (Incident.source_id == inside) | select(IncidentPart.id).where(*kept).exists()


def _views(session: Session, query: Select[Any]) -> list[IncidentView]:
    return [IncidentView(**row) for row in session.execute(query).mappings()]
