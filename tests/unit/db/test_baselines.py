from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from db import baselines, sources
from pipelines.records import Kind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FITTED = {NOON: b"first", NOON + HOUR: b"second", NOON + 2 * HOUR: b"third"}


@pytest.fixture
def source_id(session: Session) -> int:
    return sources.ensure_source(session, "wire", kind=Kind.NEWS, taxonomy="finance-desk")


@pytest.fixture
def read(session: Session, source_id: int) -> Callable[..., dict[datetime, bytes]]:
    def read(**asked: Any) -> dict[datetime, bytes]:
        wanted = {"source_id": source_id, "rule_hash": "hash", "since": NOON - 9 * HOUR, "until": NOON + 9 * HOUR}
        return baselines.read_baselines(session, **wanted | asked)

    return read


def test_baselines_are_read_as_saved_by_source_rule_and_time(session: Session, source_id: int, read: Any) -> None:
    other = sources.ensure_source(session, "other", kind=Kind.NEWS, taxonomy="finance-desk")
    baselines.save_baselines(session, FITTED, source_id=source_id, rule_hash="hash")

    assert read() == FITTED
    assert read(since=NOON + HOUR, until=NOON + 2 * HOUR) == {NOON + HOUR: b"second"}
    assert read(source_id=other) == read(rule_hash="another") == {}


def test_save_baselines_replaces_those_of_the_same_time(session: Session, source_id: int, read: Any) -> None:
    baselines.save_baselines(session, FITTED, source_id=source_id, rule_hash="hash")
    baselines.save_baselines(session, {NOON: b"anew"}, source_id=source_id, rule_hash="hash")

    assert read() == {**FITTED, NOON: b"anew"}


def test_drop_baselines_forgets_what_was_fitted_later_or_long_before(session: Session, source_id: int, read: Any) -> None:
    baselines.save_baselines(session, FITTED, source_id=source_id, rule_hash="hash")
    baselines.drop_baselines(session, source_id=source_id, after=NOON + HOUR)
    assert sorted(read()) == [NOON, NOON + HOUR]

    baselines.drop_baselines(session, source_id=source_id, before=NOON + HOUR)
    assert sorted(read()) == [NOON + HOUR]
