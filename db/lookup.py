"""One record with what was said of it, for the API; figures over many records are left to `db.reports`."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.tables import Analysis, Mention, ModelRevision, Record, Source


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record, its source's name and its newest analysis, if there is one."""

    record: Record
    source: str
    analysis: Analysis | None
    model: ModelRevision | None
    mentions: tuple[Mention, ...]


def read_record(session: Session, record_id: int) -> RecordView | None:
    """Return the record with this id, superseded or not; None if there is none."""
    found = session.execute(
        select(Record, Source.name).join(Source, Source.id == Record.source_id).where(Record.id == record_id)
    ).one_or_none()
    if found is None:
        return None
    record, source = found
    newest = (
        select(Analysis, ModelRevision)
        .join(ModelRevision, ModelRevision.id == Analysis.model_id)
        .where(Analysis.record_id == record_id)
        .order_by(Analysis.analyzed_at.desc(), Analysis.model_id.desc())
        .limit(1)
    )
    said = session.execute(newest).one_or_none()
    if said is None:
        return RecordView(record, source, None, None, ())
    analysis, model = said
    mentions = session.scalars(
        select(Mention).where(Mention.record_id == record_id, Mention.model_id == analysis.model_id).order_by(Mention.start_offset)
    )
    return RecordView(record, source, analysis, model, tuple(mentions))
