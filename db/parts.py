"""Turns as stored, each a part of an incident; which incident it belongs to is left to `workers.incidents`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, any_, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.among import among
from db.tables import Incident, IncidentPart, Source


@dataclass(frozen=True, slots=True)
class Part:
    """One turn of one series under one rule; `key` is empty for a whole source. Times are event times.

    The window that peaked starts at `window_from` and ends at `peak_at`; `peak` is the detector's verdict on it, as JSON.
    """

    fingerprint: str
    rule: str
    rule_hash: str
    source_id: int
    dimension: str
    key: str
    metric: str
    opened_at: datetime
    window_from: datetime
    peak_at: datetime
    last_judged_at: datetime
    resolved_at: datetime | None
    observed: float
    expected: float
    p_value: float
    n: int
    n_negative: int
    peak: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PartView(Part):
    """A stored part; `late_before` is up to where everything had been judged when it was found late, None if it was found in time."""

    id: int
    incident_id: int
    source: str
    withdrawn: bool
    late_before: datetime | None = None


def read_parts(session: Session, *, source_id: int, rule: str, since: datetime) -> list[PartView]:
    """Return one rule's parts of one source that are open or resolved at or after `since`, oldest first; withdrawn ones never."""
    lasts = IncidentPart.resolved_at.is_(None) | (IncidentPart.resolved_at >= since)
    of_rule = (IncidentPart.source_id == source_id, IncidentPart.rule == rule)
    return _views(session, _stored().where(*of_rule, lasts, IncidentPart.withdrawn_at.is_(None)))


def read_parts_of(session: Session, incident_ids: Collection[int]) -> list[PartView]:
    """Return all parts of some incidents, oldest first; the withdrawn ones among them say so."""
    return _views(session, _stored().where(among(IncidentPart.incident_id, incident_ids)))


def read_turns(session: Session, fingerprints: Collection[str], *, since: datetime) -> list[PartView]:
    """Return parts by fingerprint that are open or resolved at or after `since`, withdrawn ones too, oldest first."""
    lasts = IncidentPart.resolved_at.is_(None) | (IncidentPart.resolved_at >= since)
    return _views(session, _stored().where(_one_of(IncidentPart.fingerprint, fingerprints), lasts))


def read_near(session: Session, *, source_id: int, keys: Collection[str], since: datetime, until: datetime) -> list[PartView]:
    """Return the parts that a turn between `since` and `until` may belong with, oldest first.

    They are of its source, name one of the `keys` in any source, or are other sources' silences; incidents that somebody ended by
    hand are left out.
    """
    ended = func.coalesce(IncidentPart.resolved_at, IncidentPart.last_judged_at)
    alike = (IncidentPart.source_id == source_id) | (IncidentPart.metric == "silence")
    alike |= (IncidentPart.dimension == "entity") & _one_of(IncidentPart.key, keys)
    query = _stored().join(Incident, Incident.id == IncidentPart.incident_id).where(Incident.closed_by.is_(None), alike)
    return _views(session, query.where(IncidentPart.withdrawn_at.is_(None), IncidentPart.opened_at <= until, ended >= since))


def add_part(session: Session, part: Part, *, incident_id: int, late_before: datetime | None) -> int:
    """Store a new part; return its id."""
    values = _values(part) | {"incident_id": incident_id, "late_before": late_before}
    return session.scalars(insert(IncidentPart).values(values).returning(IncidentPart.id)).one()


def update_part(session: Session, part_id: int, *, part: Part) -> None:
    """Bring a part up to date; one that was withdrawn is back."""
    session.execute(update(IncidentPart).where(IncidentPart.id == part_id).values(**_values(part), withdrawn_at=None))


def withdraw_parts(session: Session, part_ids: Collection[int], *, at: datetime) -> None:
    """Mark parts as taken back by late records; they stay as witnesses."""
    session.execute(update(IncidentPart).where(among(IncidentPart.id, part_ids)).values(withdrawn_at=at))


def retire_parts(session: Session, *, rules: Collection[str]) -> Sequence[int]:
    """End the open parts of rules that are not among `rules`, where they were last judged; return the incidents they belong to."""
    left = (IncidentPart.resolved_at.is_(None), IncidentPart.withdrawn_at.is_(None), ~_one_of(IncidentPart.rule, rules))
    ended = update(IncidentPart).where(*left).values(resolved_at=IncidentPart.last_judged_at)
    return sorted(set(session.scalars(ended.returning(IncidentPart.incident_id))))


def _values(part: Part) -> dict[str, Any]:
    values = {name: getattr(part, name) for name in Part.__dataclass_fields__}
    return values | {"peak": dict(part.peak)}


def _one_of(column: InstrumentedAttribute[str], values: Collection[str]) -> Any:
    return column == any_(literal(list(values), ARRAY(Text)))


def _stored() -> Select[Any]:
    columns = [getattr(IncidentPart, name) for name in (*Part.__dataclass_fields__, "id", "incident_id", "late_before")]
    withdrawn = IncidentPart.withdrawn_at.is_not(None).label("withdrawn")
    return select(*columns, withdrawn, Source.name.label("source")).join(Source, Source.id == IncidentPart.source_id)


def _views(session: Session, query: Select[Any]) -> list[PartView]:
    rows = session.execute(query.order_by(IncidentPart.opened_at, IncidentPart.id)).mappings()
    return [PartView(**row) for row in rows]
