"""What a model said of a batch, written once; the batch's lease is left to `db.batches`, counting to `db.settling`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.batches import Claim, finish
from db.cleaning import clean, clean_or_none, to_json
from db.copying import Staging, copy_rows
from db.rollups import touch
from db.settling import Unanalyzable, lock_records, settle
from db.tables import ModelRevision
from pipelines.records import Analysis, Failure, ModelRef

_ANALYSES = Staging(
    "incoming_analysis",
    {
        "record_id": "bigint",
        "sentiment": "text",
        "sentiment_score": "real",
        "p_negative": "real",
        "p_neutral": "real",
        "p_positive": "real",
        "taxonomy": "text",
        "topic": "text",
        "topic_score": "real",
        "topics": "jsonb",
        "language": "text",
        "n_tokens": "int",
        "n_windows": "int",
    },
)
_MENTIONS = Staging(
    "incoming_mention",
    {
        "record_id": "bigint",
        "start_offset": "int",
        "end_offset": "int",
        "entity_group": "text",
        "word": "text",
        "entity": "text",
        "score": "real",
        "sentiment": "text",
        "sentiment_score": "real",
    },
)
_INSERT_ANALYSES = text("""
    INSERT INTO analysis (
        record_id, model_id, sentiment, sentiment_score, p_negative, p_neutral, p_positive,
        taxonomy, topic, topic_score, topics, language, n_tokens, n_windows
    )
    SELECT
        record_id, :model_id, sentiment, sentiment_score, p_negative, p_neutral, p_positive,
        taxonomy, topic, topic_score, topics, language, n_tokens, n_windows
    FROM pg_temp.incoming_analysis
    ON CONFLICT DO NOTHING RETURNING record_id
""")
_INSERT_MENTIONS = text("""
    INSERT INTO mention (record_id, model_id, start_offset, end_offset, entity_group, word, entity, score, sentiment, sentiment_score)
    SELECT record_id, :model_id, start_offset, end_offset, entity_group, word, entity, score, sentiment, sentiment_score
    FROM pg_temp.incoming_mention WHERE record_id = ANY(:record_ids)
    ON CONFLICT DO NOTHING
""")


class Unanswered(Exception):
    """The analyzer must say something of every document of its batch, and of no other; this one did not."""


def ensure_model(session: Session, ref: ModelRef) -> int:
    """Return the id of a model revision, noted on its first use."""
    known = select(ModelRevision.id).where(ModelRevision.name == ref.name, ModelRevision.revision == ref.revision)
    found = session.scalar(known)
    if found is None:
        made = insert(ModelRevision).values(name=ref.name, revision=ref.revision).on_conflict_do_nothing()
        found = session.scalar(made.returning(ModelRevision.id))
    return found if found is not None else session.execute(known).scalar_one()


def save_results(session: Session, claim: Claim, *, analyses: Sequence[Analysis], failures: Sequence[Failure], model_id: int) -> None:
    """Finish the batch and write everything that follows from it: all in the caller's one transaction, and nothing else is needed.

    Analyses and mentions (the first result of a model revision stands), states of records, quarantine, the time buckets to
    recompute, the jobs' counters. Records superseded or erased meanwhile are settled too. Raises LeaseLost, before anything
    is written, if the batch was fenced off, and Unanswered if a document of the batch has neither analysis nor failure.
    """
    finish(session, claim, model_id=model_id)
    existing = lock_records(session, claim.record_ids)
    said = {one.document_id for one in analyses}
    refused = {one.document_id for one in failures} - said
    open_ids = {one.id for one in existing if one.state == "pending" and one.superseded_at is None}
    _check(claim, answered=said | refused, wanted=open_ids)
    there = {one.id for one in existing}
    fresh = _save_analyses(session, [one for one in analyses if one.document_id in there], model_id)
    if fresh:
        touch(session, fresh)
    failed = [_unanalyzable(one, claim.attempts) for one in failures if one.document_id in refused & there]
    settle(session, done=there - refused, failed=failed)


def _check(claim: Claim, *, answered: set[int], wanted: set[int]) -> None:
    if missing := wanted - answered:
        raise Unanswered(f"nothing was said of {len(missing)} documents, such as {min(missing)}")
    if foreign := answered - set(claim.record_ids):
        raise Unanswered(f"{len(foreign)} documents are not of this batch, such as {min(foreign)}")


def _save_analyses(session: Session, analyses: Sequence[Analysis], model_id: int) -> list[int]:
    """Write analyses that are not there yet, with their mentions; return the ids of their records."""
    if not analyses:
        return []
    copy_rows(session, _ANALYSES, map(_analysis_row, analyses))
    fresh = list(session.scalars(_INSERT_ANALYSES, {"model_id": model_id}))
    if fresh and any(one.mentions for one in analyses):
        copy_rows(session, _MENTIONS, (row for one in analyses for row in _mention_rows(one)))
        session.execute(_INSERT_MENTIONS, {"model_id": model_id, "record_ids": fresh})
    return fresh


def _analysis_row(one: Analysis) -> tuple[Any, ...]:
    scores: Mapping[str, float] = one.sentiment_scores
    topic = (clean(one.topic.label), float(one.topic.score)) if one.topic else (None, None)
    topics = to_json([{"label": label.label, "score": round(float(label.score), 4)} for label in one.topics])
    return (
        one.document_id,
        one.sentiment.label,
        float(one.sentiment.score),
        *(float(scores[name]) for name in ("negative", "neutral", "positive")),
        clean(one.taxonomy),
        *topic,
        topics,
        clean_or_none(one.language),
        one.n_tokens,
        one.n_windows,
    )


def _mention_rows(one: Analysis) -> Iterator[tuple[Any, ...]]:
    for it in one.mentions:
        said = (clean(it.sentiment.label), float(it.sentiment.score)) if it.sentiment else (None, None)
        yield (one.document_id, it.start, it.end, it.entity_group, clean(it.word), clean(it.entity), float(it.score), *said)


def _unanalyzable(one: Failure, attempts: int) -> Unanalyzable:
    return Unanalyzable(one.document_id, one.error.reason, str(one.error), attempts)
