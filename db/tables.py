"""Every table of Bellwether, typed; how rows come and go is left to the module named after each noun.

Those of alerts stand in `db.alert_tables`, and are had from here too.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, func
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from db.alert_tables import AlertRule, AlertRuleVersion, Baseline, Incident, IncidentEvent, IncidentPart, Notification, Silence
from db.base import Base

__all__ = [
    "AlertRule",
    "AlertRuleVersion",
    "Analysis",
    "ApiKey",
    "Audit",
    "Base",
    "Baseline",
    "Batch",
    "Incident",
    "IncidentEvent",
    "IncidentPart",
    "Job",
    "Mention",
    "ModelRevision",
    "Notification",
    "Quarantine",
    "Record",
    "Rollup",
    "RollupTouched",
    "Silence",
    "Source",
    "SourceCursor",
]

_IS_LIVE = "lane = 'live' AND superseded_at IS NULL"
"""The records that the watermark follows; a backfill of millions must cost it nothing."""


class Source(Base):
    """Where records come from, and which taxonomy names their topics."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    taxonomy: Mapped[str]
    scanned_until: Mapped[datetime | None]  # alerts are judged up to this event time
    rejudge_from: Mapped[datetime | None]  # live records came late here: judge again from this bucket on
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Job(Base):
    """What a caller submitted; progress is read here."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_created", "created_at"),
        Index("ix_job_open", "created_at", postgresql_where=sql("closed_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lane: Mapped[str]
    submitted_by: Mapped[str | None]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    request_hash: Mapped[bytes | None]  # of the body sent with the key, so that its reuse for another body is refused
    n_total: Mapped[int] = mapped_column(server_default="0")  # records accepted for analysis: new ones and new versions
    n_duplicate: Mapped[int] = mapped_column(server_default="0")  # sent before, unchanged
    n_rejected: Mapped[int] = mapped_column(server_default="0")  # bad lines, kept in quarantine
    n_done: Mapped[int] = mapped_column(server_default="0")
    n_failed: Mapped[int] = mapped_column(server_default="0")  # quarantined by analysis
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]  # set when n_done + n_failed reaches n_total and intake is closed
    closed_at: Mapped[datetime | None]  # no more records will be added


class Record(Base):
    """One version of one text; the current version is the one that nothing superseded."""

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id", "version"),
        Index("uq_record_current", "source_id", "external_id", unique=True, postgresql_where=sql("superseded_at IS NULL")),
        Index("ix_record_unbatched", "lane", "id", postgresql_where=sql("batched_at IS NULL")),
        Index("ix_record_source_published", "source_id", "published_at"),
        Index("ix_record_live", "source_id", "published_at", postgresql_where=sql(_IS_LIVE)),
        Index("ix_record_live_pending", "source_id", "published_at", postgresql_where=sql(f"{_IS_LIVE} AND state = 'pending'")),
        CheckConstraint("state IN ('pending', 'done', 'quarantined')", name="state"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    external_id: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    superseded_at: Mapped[datetime | None]
    content_hash: Mapped[bytes]
    kind: Mapped[str]
    title: Mapped[str | None]
    text: Mapped[str]
    language: Mapped[str | None]
    url: Mapped[str | None]
    author: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    published_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id"))
    lane: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    batched_at: Mapped[datetime | None]  # null: waits to share a batch


class Batch(Base):
    """Records that share a message and a lease: queued, leased, done, or split into two."""

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_open", "lane", "created_at", postgresql_where=sql("state IN ('queued', 'leased')")),
        Index("ix_batch_claimed", "claimed_at", postgresql_where=sql("claimed_at IS NOT NULL")),
        Index("ix_batch_parent", "parent_id", postgresql_where=sql("parent_id IS NOT NULL")),
        CheckConstraint("state IN ('queued', 'leased', 'done', 'split')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lane: Mapped[str]
    device: Mapped[str | None]  # pinned by the caller; null: any
    record_ids: Mapped[list[int]]
    state: Mapped[str] = mapped_column(server_default="queued")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    token: Mapped[UUID | None]  # of the lease; fences off whoever held it before
    leased_until: Mapped[datetime | None]
    worker: Mapped[str | None]
    model_id: Mapped[int | None] = mapped_column(ForeignKey("model_revision.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch.id"))
    error: Mapped[str | None]  # of the last failed attempt
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())  # not before; pushed back after a failure
    published_at: Mapped[datetime | None]  # its message was last sent
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ModelRevision(Base):
    """A model's weights as they were when they analysed something."""

    __tablename__ = "model_revision"
    __table_args__ = (UniqueConstraint("name", "revision"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    revision: Mapped[str]
    first_used_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Analysis(Base):
    """What one model revision said of one record; never changed, so that any figure can be rebuilt."""

    __tablename__ = "analysis"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model_revision.id"), primary_key=True)
    sentiment: Mapped[str]
    sentiment_score: Mapped[float]
    p_negative: Mapped[float]
    p_neutral: Mapped[float]
    p_positive: Mapped[float]
    taxonomy: Mapped[str]
    topic: Mapped[str | None]
    topic_score: Mapped[float | None]
    topics: Mapped[list[Any]]  # [{"label", "score"}], best first
    language: Mapped[str | None]
    n_tokens: Mapped[int] = mapped_column(Integer)
    n_windows: Mapped[int] = mapped_column(Integer)
    analyzed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Mention(Base):
    """A span of a record's original text."""

    __tablename__ = "mention"

    record_id: Mapped[int] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model_revision.id"), primary_key=True)
    start_offset: Mapped[int] = mapped_column(Integer, primary_key=True)
    end_offset: Mapped[int] = mapped_column(Integer, primary_key=True)
    entity_group: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str]
    entity: Mapped[str]
    score: Mapped[float]
    sentiment: Mapped[str | None]  # how the text speaks of it here; null: the model could not tell, or an amount and the like
    sentiment_score: Mapped[float | None]


class Quarantine(Base):
    """What could not be read or analysed, with its reason; nothing is dropped."""

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_job", "job_id"), Index("ix_quarantine_record", "record_id"))

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"))  # null: intake refused it
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    source: Mapped[str | None]
    line: Mapped[int | None]  # of the file or request, from 1
    external_id: Mapped[str | None]
    reason: Mapped[str]  # a stable code: no_text, not_utf8, broken_json, bad_time, too_large, ...
    detail: Mapped[str]
    payload: Mapped[bytes | None]  # the line as it came
    attempts: Mapped[int] = mapped_column(Integer, server_default="1")
    quarantined_at: Mapped[datetime] = mapped_column(server_default=func.now())
    released_at: Mapped[datetime | None]


class Rollup(Base):
    """Counts of one time bucket of one series; recomputed whole, never incremented."""

    __tablename__ = "rollup"
    __table_args__ = (Index("ix_rollup_bucket", "source_id", "bucket_at"),)

    # The dimension leads the key: views read all sources of one, and entities by far outnumber the rest.
    dimension: Mapped[str] = mapped_column(primary_key=True)  # source, topic, entity
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)  # the topic or entity; empty for the source itself
    bucket_at: Mapped[datetime] = mapped_column(primary_key=True)  # start of the bucket, event time
    n: Mapped[int] = mapped_column(Integer)
    n_negative: Mapped[int] = mapped_column(Integer)
    n_neutral: Mapped[int] = mapped_column(Integer)
    n_positive: Mapped[int] = mapped_column(Integer)
    # Of an entity: by how the record speaks of it, not by its own sentiment; 0 for the other dimensions.
    n_negative_towards: Mapped[int] = mapped_column(Integer, server_default="0")
    n_neutral_towards: Mapped[int] = mapped_column(Integer, server_default="0")
    n_positive_towards: Mapped[int] = mapped_column(Integer, server_default="0")


class RollupTouched(Base):
    """Buckets whose records changed since their rollups were computed."""

    __tablename__ = "rollup_touched"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    bucket_at: Mapped[datetime]
    live: Mapped[bool] = mapped_column(server_default=sql("true"))  # by a live record; what a backfill touched is not judged again


class ApiKey(Base):
    """Who may call the API; the key itself is never kept."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]


class Audit(Base):
    """What a person or key changed, besides sending records."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    who: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))


class SourceCursor(Base):
    """How far a scheduled source has been pulled, in that source's own terms."""

    __tablename__ = "source_cursor"

    name: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[dict[str, Any]]
    pulled_at: Mapped[datetime] = mapped_column(server_default=func.now())
