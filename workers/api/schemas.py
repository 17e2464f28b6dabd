"""What the API answers, as OpenAPI tells it; where the values come from is left to the routes."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from db.jobs import JobView
from db.lookup import RecordView
from db.tables import Mention
from pipelines.records import SENTIMENTS
from workers.receipt import Item, Receipt


class ProblemOut(BaseModel):
    """An error as RFC 9457 has it."""

    type: str = Field(description="Which error it is; GET it to read what it means.")
    title: str
    status: int
    detail: str


class ItemOut(BaseModel):
    """What became of one record; `line` counts from 1 in the request."""

    line: int | None
    status: Literal["new", "changed", "duplicate", "rejected"]
    external_id: str | None
    record_id: int | None
    reason: str | None = Field(
        description="A stable code: no_text, not_utf8, broken_json, not_an_object, bad_time, too_large or bad_field."
    )
    detail: str | None

    @classmethod
    def of(cls, item: Item) -> Self:
        """Return `item` as it is answered."""
        return cls.model_validate(item, from_attributes=True)


class ReceiptOut(BaseModel):
    """What became of a request's records; the job tells of their analysis."""

    job_id: UUID
    job: str = Field(description="Where the job's progress is read.")
    n_new: int
    n_changed: int
    n_duplicate: int
    n_rejected: int
    replayed: bool = Field(description="The idempotency key was used before for the same request; these are that job's numbers.")
    items: list[ItemOut] = Field(description="One a record, in order; empty when replayed.")

    @classmethod
    def of(cls, receipt: Receipt, items: list[Item], *, job: str) -> Self:
        """Return `receipt` as it is answered."""
        counts = {name: getattr(receipt, name) for name in ("job_id", "n_new", "n_changed", "n_duplicate", "n_rejected", "replayed")}
        return cls(job=job, items=[ItemOut.of(item) for item in items], **counts)


class JobOut(BaseModel):
    """A job and how far it is."""

    id: UUID
    state: Literal["open", "running", "done", "partial"]
    lane: Literal["live", "backfill"]
    submitted_by: str | None
    n_total: int = Field(description="Records accepted for analysis.")
    n_done: int
    n_failed: int = Field(description="Records that analysis put into quarantine.")
    n_duplicate: int
    n_rejected: int = Field(description="Records that intake put into quarantine.")
    created_at: datetime
    closed_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: JobView) -> Self:
        """Return `job` as it is answered."""
        return cls.model_validate(job, from_attributes=True)


class JobsOut(BaseModel):
    """The latest jobs, newest first."""

    jobs: list[JobOut]


class LabelOut(BaseModel):
    """A name the model chose, and how sure it is."""

    label: str
    score: float


class MentionOut(BaseModel):
    """A span of the record's text: `text[start:end] == word`, in code points."""

    entity_group: str
    word: str
    start: int
    end: int
    score: float
    entity: str
    sentiment: LabelOut | None = Field(description="How the text speaks of it here; null where the model can't tell, and for amounts.")

    @classmethod
    def of(cls, one: Mention) -> Self:
        """Return `one` as it is answered."""
        return cls(
            entity_group=one.entity_group,
            word=one.word,
            start=one.start_offset,
            end=one.end_offset,
            score=one.score,
            entity=one.entity,
            sentiment=LabelOut(label=one.sentiment, score=one.sentiment_score or 0.0) if one.sentiment else None,
        )


class AnalysisOut(BaseModel):
    """What a model said of a record."""

    model: str
    revision: str
    sentiment: LabelOut
    sentiment_scores: dict[str, float]
    taxonomy: str
    topic: LabelOut | None
    topics: list[LabelOut]
    mentions: list[MentionOut]
    language: str | None
    n_tokens: int
    n_windows: int
    analyzed_at: datetime

    @classmethod
    def of(cls, view: RecordView) -> Self | None:
        """Return the analysis of `view`, if there is one."""
        said, model = view.analysis, view.model
        if said is None or model is None:
            return None
        return cls(
            model=model.name,
            revision=model.revision,
            sentiment=LabelOut(label=said.sentiment, score=said.sentiment_score),
            sentiment_scores={name: getattr(said, f"p_{name}") for name in SENTIMENTS},
            taxonomy=said.taxonomy,
            topic=LabelOut(label=said.topic, score=said.topic_score or 0.0) if said.topic else None,
            topics=[LabelOut.model_validate(one) for one in said.topics],
            mentions=[MentionOut.of(one) for one in view.mentions],
            language=said.language,
            n_tokens=said.n_tokens,
            n_windows=said.n_windows,
            analyzed_at=said.analyzed_at,
        )


class RecordOut(BaseModel):
    """A record with its newest analysis."""

    id: int
    source: str
    external_id: str
    version: int
    state: Literal["pending", "done", "quarantined"]
    superseded_at: datetime | None
    kind: Literal["news", "support"]
    title: str | None
    text: str
    language: str | None
    url: str | None
    author: str | None
    attributes: dict[str, Any]
    published_at: datetime
    received_at: datetime
    job_id: UUID
    analysis: AnalysisOut | None

    @classmethod
    def of(cls, view: RecordView) -> Self:
        """Return `view` as it is answered."""
        own = {name: getattr(view.record, name) for name in cls.model_fields if name not in ("source", "analysis")}
        return cls(source=view.source, analysis=AnalysisOut.of(view), **own)
