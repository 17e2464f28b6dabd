from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db import jobs, watermarks
from db.engine import transaction
from db.watermarks import Span
from pipelines.records import Lane

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUCKET = timedelta(minutes=15)
LATENESS = timedelta(minutes=30)
REJUDGES = timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_span_stays_behind_the_newest_event_by_the_lateness(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + 2 * HOUR + MINUTE)])

    assert _span(engine, now=NOON + 2 * HOUR + 2 * MINUTE) == Span(NOON, NOON + timedelta(hours=1, minutes=30))


def test_span_reaches_the_end_of_a_stream_that_ended(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + 2 * HOUR + MINUTE)])

    assert _span(engine, now=_later()) == Span(NOON, NOON + 2 * HOUR + BUCKET)


def test_span_waits_for_the_end_while_a_sender_is_not_done(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + 2 * HOUR)])
    with transaction(engine) as session:
        jobs.open_job(session, lane=Lane.LIVE)

    assert _span(engine, now=_later()) == Span(NOON, NOON + timedelta(hours=1, minutes=30))


def test_span_stays_behind_a_record_that_waits_for_its_analysis(feed: Any, engine: Engine, post: Any) -> None:
    posts = [post(NOON + index * HOUR) for index in range(4)]
    ids = feed.store(posts)
    feed.analyse({ids[index]: posts[index] for index in (0, 1, 3)})
    feed.refresh()

    assert _span(engine, now=_later()) == Span(NOON, NOON + 2 * HOUR)


def test_span_stays_behind_a_bucket_that_waits_for_its_rollup(feed: Any, engine: Engine, post: Any) -> None:
    posts = [post(NOON), post(NOON + HOUR)]
    feed.bring(posts[:1])
    feed.analyse(dict(zip(feed.store(posts[1:], prefix="q"), posts[1:], strict=True)))

    assert _span(engine, now=_later()) == Span(NOON, NOON + HOUR)


def test_span_is_none_for_a_backfill(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + HOUR)], lane=Lane.BACKFILL)

    assert _span(engine, now=_later()) is None


def test_span_starts_where_the_live_records_do(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON - 9 * HOUR)], lane=Lane.BACKFILL)
    feed.bring([post(NOON), post(NOON + HOUR)], prefix="q")

    assert _span(engine, now=_later()) == Span(NOON, NOON + HOUR + BUCKET)


def test_span_is_not_led_astray_by_an_event_of_the_future(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + HOUR), post(NOON + timedelta(days=4000))])

    assert _span(engine, now=_later()) == Span(NOON, NOON + HOUR + BUCKET)


@pytest.mark.parametrize("year", [1, 1969])
def test_span_starts_no_earlier_than_1970(feed: Any, engine: Engine, post: Any, year: int) -> None:
    feed.bring([post(datetime(year, 1, 1, tzinfo=UTC)), post(NOON)])

    assert _span(engine, now=_later()) == Span(datetime(1970, 1, 1, tzinfo=UTC), NOON + BUCKET)


def test_span_is_not_held_back_by_what_is_late(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + HOUR)])
    with transaction(engine) as session:
        held = watermarks.hold_source(session, watermarks.source_ids(session)[0])
        assert held
        watermarks.advance(session, held, until=NOON + HOUR)
    feed.store([post(NOON + MINUTE)], prefix="late")

    assert _span(engine, now=_later()) == Span(NOON + HOUR, NOON + HOUR + BUCKET)


def test_hold_source_refuses_a_second_holder_but_lets_records_in(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON)])
    with transaction(engine) as session:
        source_id = watermarks.source_ids(session)[0]
        assert watermarks.hold_source(session, source_id)
        with transaction(engine) as other:
            assert watermarks.hold_source(other, source_id) is None
        feed.store([post(NOON + HOUR)], prefix="q")


@pytest.mark.parametrize("minutes", [0, 1, 14])
def test_floor_returns_the_start_of_the_bucket(minutes: int) -> None:
    assert watermarks.floor(NOON + minutes * MINUTE, BUCKET) == NOON


def _later() -> datetime:
    return datetime.now(UTC) + 30 * MINUTE


def _span(engine: Engine, *, now: datetime) -> Span | None:
    with transaction(engine) as session:
        held = watermarks.hold_source(session, watermarks.source_ids(session)[0])
        assert held
        idle = timedelta(seconds=5)
        return watermarks.span_to_judge(session, held, bucket=BUCKET, lateness=LATENESS, idle=idle, rejudges=REJUDGES, now=now)
