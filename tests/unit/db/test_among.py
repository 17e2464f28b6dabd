from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.among import among
from db.tables import Batch, Record


def test_among_takes_more_ids_than_a_statement_takes_parameters(session: Session) -> None:
    assert session.scalar(select(func.count()).where(among(Record.id, range(70_000)))) == 0


def test_among_takes_uuids_and_nothing(session: Session) -> None:
    batch_id = uuid4()
    session.add(Batch(id=batch_id, lane="live", record_ids=[1]))

    assert session.scalars(select(Batch.id).where(among(Batch.id, [uuid4(), batch_id]))).all() == [batch_id]
    assert session.scalars(select(Batch.id).where(among(Batch.id, []))).all() == []
