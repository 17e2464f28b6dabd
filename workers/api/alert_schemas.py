"""Incidents, silences and rules as the API takes and answers them; records and jobs are in `schemas`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from db.incidents import EventView, IncidentView
from db.silences import SilenceView
from workers.rules import Named


class IncidentOut(BaseModel):
    """What people are told of as one thing: related turns, with the figures of the least likely; times are event times."""

    id: int
    state: Literal["firing", "acknowledged", "resolved"]
    severity: Literal["warning", "critical"]
    source: str
    dimension: str = Field(description="source, topic or entity.")
    key: str = Field(description="The topic or entity; empty for the source itself.")
    metric: str = Field(description="share, negatives, volume or silence.")
    rule: str
    rule_hash: str = Field(description="Names the exact version of the rule: GET /v1/rules/{hash}.")
    opened_at: datetime
    peak_at: datetime
    last_judged_at: datetime
    resolved_at: datetime | None
    resolution: str | None = Field(description="Why it ended.")
    observed: float
    expected: float
    p_value: float
    n: int
    n_negative: int
    n_parts: int = Field(description="Related turns it is made of; `evidence` names them.")
    told_at: datetime | None = Field(description="When people were last told, by the wall clock; null: nobody was.")
    silenced_at: datetime | None = Field(description="Since when a silence keeps it back.")
    why: str = Field(description="One sentence.")
    evidence: dict[str, Any]

    @classmethod
    def of(cls, incident: IncidentView) -> Self:
        """Return `incident` as it is answered."""
        return cls.model_validate(incident, from_attributes=True)


class IncidentsOut(BaseModel):
    """Incidents, newest first."""

    incidents: list[IncidentOut]


class EventOut(BaseModel):
    """Who changed an incident, when and why."""

    at: datetime
    who: str
    what: str
    detail: dict[str, Any]


class IncidentWithEventsOut(IncidentOut):
    """An incident with its history, oldest first."""

    events: list[EventOut] = []

    @classmethod
    def with_events(cls, incident: IncidentView, events: Sequence[EventView]) -> Self:
        """Return `incident` and its history as they are answered."""
        told = [EventOut.model_validate(one, from_attributes=True) for one in events]
        return cls.of(incident).model_copy(update={"events": told})


class WhyIn(BaseModel):
    """Why somebody changes an incident; kept in its history."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field("", max_length=2_000)


class SilenceIn(BaseModel):
    """What to keep back: labels (source, dimension, key, rule, metric, severity), each a value or its beginning and a `*`."""

    model_config = ConfigDict(extra="forbid")

    matcher: dict[str, str] = Field(examples=[{"source": "app-reviews", "key": "TICKER:*"}])
    starts_at: AwareDatetime | None = Field(None, description="Now, if left out.")
    ends_at: AwareDatetime
    reason: str = Field(max_length=2_000)


class SilenceOut(BaseModel):
    """A silence; `state` is pending, active or over."""

    id: int
    state: Literal["pending", "active", "over"]
    matcher: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    ended_at: datetime | None
    ended_by: str | None

    @classmethod
    def of(cls, silence: SilenceView, *, now: datetime) -> Self:
        """Return `silence` as it is answered."""
        told = {name: getattr(silence, name) for name in cls.model_fields if name != "state"}
        return cls(**told | {"matcher": dict(silence.matcher)}, state=silence.state(now))


class SilencesOut(BaseModel):
    """Silences, newest first."""

    silences: list[SilenceOut]


class RuleOut(BaseModel):
    """A rule; `hash` names this very version."""

    name: str
    origin: str = Field(description="settings, cli or api; removed: a version that is in force no more.")
    hash: str
    settings: dict[str, Any] = Field(description="As in [alerts.rules.NAME]; durations in ISO 8601.")

    @classmethod
    def of(cls, named: Named) -> Self:
        """Return `named` as it is answered."""
        settings: Mapping[str, Any] = named.rule.model_dump(mode="json")
        return cls(name=named.name, origin=named.origin, hash=named.hash, settings=dict(settings))


class RulesOut(BaseModel):
    """The rules in force, by name."""

    rules: list[RuleOut]
