"""The tables of alerts: rules, baselines, incidents and their parts, silences and the outbox.

How rows come and go is left to `db.incidents`, `db.parts`, `db.silences` and `db.outbox`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class AlertRule(Base):
    """When a series is worth an incident; `hash` names the exact settings an incident was judged by."""

    __tablename__ = "alert_rule"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    settings: Mapped[dict[str, Any]]
    hash: Mapped[str]
    origin: Mapped[str] = mapped_column(server_default="settings")  # settings, cli, api
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_at: Mapped[datetime | None]  # null: in force


class AlertRuleVersion(Base):
    """What a rule's settings were, by the hash that incidents keep."""

    __tablename__ = "alert_rule_version"

    name: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Baseline(Base):
    """What was usual for a source's series at one moment; a cache: dropped rows are fitted anew."""

    __tablename__ = "baseline"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    rule_hash: Mapped[str] = mapped_column(primary_key=True)
    fitted_at: Mapped[datetime] = mapped_column(primary_key=True)  # event time
    payload: Mapped[bytes]


class Incident(Base):
    """What people are told of as one thing: its figures are those of its lead, the least likely of its parts; times are event times."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("ix_incident_open", "opened_at", postgresql_where=sql("state <> 'resolved'")),
        Index("ix_incident_opened", "opened_at"),
        CheckConstraint("state IN ('firing', 'acknowledged', 'resolved')", name="state"),
        CheckConstraint("severity IN ('warning', 'critical')", name="severity"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    fingerprint: Mapped[str]  # of the part that opened it; stays when another takes the lead
    rule: Mapped[str]
    rule_hash: Mapped[str]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    dimension: Mapped[str]
    key: Mapped[str]
    metric: Mapped[str]  # share, negatives, volume, silence
    state: Mapped[str]
    opened_at: Mapped[datetime]
    peak_at: Mapped[datetime]
    last_judged_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    observed: Mapped[float]  # at the peak
    expected: Mapped[float]
    p_value: Mapped[float]
    n: Mapped[int] = mapped_column(Integer)  # records in the window at the peak
    n_negative: Mapped[int] = mapped_column(Integer)
    why: Mapped[str]  # one sentence
    evidence: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    severity: Mapped[str] = mapped_column(server_default="warning")
    resolution: Mapped[str | None]  # why it ended, in words
    closed_by: Mapped[str | None]  # who ended it by hand; null: its parts did
    # By the wall clock, each of the time since it opened or was last reopened:
    told_at: Mapped[datetime | None]  # somebody was last told of it; null: nobody was
    told_severity: Mapped[str | None]
    silenced_at: Mapped[datetime | None]  # a silence keeps it back since then, or kept it back to its end
    n_reminders: Mapped[int] = mapped_column(Integer, server_default="0")
    n_reopened: Mapped[int] = mapped_column(Integer, server_default="0")


class IncidentPart(Base):
    """One turn of one series under one rule; times are event times."""

    __tablename__ = "incident_part"
    __table_args__ = (
        Index("uq_incident_part_turn", "fingerprint", "opened_at", unique=True, postgresql_where=sql("withdrawn_at IS NULL")),
        Index("uq_incident_part_open", "fingerprint", unique=True, postgresql_where=sql("resolved_at IS NULL AND withdrawn_at IS NULL")),
        Index("ix_incident_part_incident", "incident_id"),
        Index("ix_incident_part_ended", "source_id", "rule", "resolved_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"))
    fingerprint: Mapped[str]  # of rule and series
    rule: Mapped[str]
    rule_hash: Mapped[str]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    dimension: Mapped[str]
    key: Mapped[str]
    metric: Mapped[str]
    opened_at: Mapped[datetime]
    window_from: Mapped[datetime]  # start of the window that peaked
    peak_at: Mapped[datetime]  # and its end
    last_judged_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    observed: Mapped[float]  # at the peak
    expected: Mapped[float]
    p_value: Mapped[float]
    n: Mapped[int] = mapped_column(Integer)
    n_negative: Mapped[int] = mapped_column(Integer)
    peak: Mapped[dict[str, Any]]  # the detector's verdict, in event time
    late_before: Mapped[datetime | None]  # found late, when everything before this had been judged; null: found in time
    withdrawn_at: Mapped[datetime | None]  # late records took it back, by the wall clock
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IncidentEvent(Base):
    """Who changed an incident, when and why."""

    __tablename__ = "incident_event"
    __table_args__ = (Index("ix_incident_event_incident", "incident_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    who: Mapped[str]
    what: Mapped[str]  # opened, joined, updated, escalated, acknowledged, silenced, reminded, resolved, ...
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))


class Silence(Base):
    """Series that nobody wants to hear of for a while."""

    __tablename__ = "silence"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    matcher: Mapped[dict[str, Any]]  # any of source, dimension, key, rule, metric, severity: a value, or its beginning and *
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    author: Mapped[str]
    reason: Mapped[str]
    ended_at: Mapped[datetime | None]  # before its time, by ended_by
    ended_by: Mapped[str | None]


class Notification(Base):
    """The outbox: what must leave the building, once per incident, change and notifier."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("incident_id", "change", "notifier"),
        Index("ix_notification_due", "due_at", postgresql_where=sql("sent_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"))
    change: Mapped[str]  # opened, escalated, reminder-1, resolved, ...; after a reopening opened-2, resolved-2
    notifier: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    error: Mapped[str | None]
