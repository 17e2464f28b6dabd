from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from db import incidents, jobs, parts, watermarks
from db.engine import transaction
from db.incidents import Finding
from db.parts import Part
from db.tables import Source
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


def test_span_goes_back_to_what_came_late_but_not_for_ever(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + 50 * HOUR)])
    _judge_until(engine, NOON + 51 * HOUR, rejudge_from=NOON + 40 * HOUR)
    assert _span(engine, now=_later()) == Span(NOON + 40 * HOUR, NOON + 51 * HOUR)

    _judge_until(engine, NOON + 51 * HOUR, rejudge_from=NOON)
    assert _span(engine, now=_later()) == Span(NOON + 27 * HOUR, NOON + 51 * HOUR)


def test_span_goes_back_to_before_all_that_was_open_where_late_records_came(feed: Any, engine: Engine, post: Any, part: Any) -> None:
    feed.bring([post(NOON), post(NOON + 50 * HOUR)])
    part(opened_at=NOON + 35 * HOUR, resolved_at=None)
    part(opened_at=NOON + 30 * HOUR, resolved_at=NOON + 35 * HOUR)
    part(opened_at=NOON + 20 * HOUR, resolved_at=NOON + 30 * HOUR - BUCKET)
    part(opened_at=NOON, resolved_at=None, metric="silence")
    _judge_until(engine, NOON + 51 * HOUR, rejudge_from=NOON + 40 * HOUR)

    assert _span(engine, now=_later()) == Span(NOON + 30 * HOUR - BUCKET, NOON + 51 * HOUR)


def test_advance_forgets_what_came_late(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + 2 * HOUR)])
    _judge_until(engine, NOON + HOUR, rejudge_from=NOON)
    with transaction(engine) as session:
        held = watermarks.hold_source(session, watermarks.source_ids(session)[0])
        assert held
        watermarks.advance(session, held, until=NOON + 2 * HOUR + BUCKET)

    assert _span(engine, now=_later()) is None


def test_arrivals_tell_the_newest_event_and_how_late_most_are(feed: Any, engine: Engine, post: Any) -> None:
    now = datetime.now(UTC)
    feed.bring([post(now - minutes * MINUTE) for minutes in (3, 40, 50, 60)])
    feed.bring([post(now - MINUTE)], lane=Lane.BACKFILL, prefix="old")
    with transaction(engine) as session:
        [source_id] = watermarks.source_ids(session)
        arrivals = watermarks.read_arrivals(session, source_id, now=now + HOUR)
        unknown = watermarks.read_arrivals(session, source_id + 1, now=now)

    assert arrivals
    assert unknown is None
    assert arrivals.newest_at == now - 3 * MINUTE
    assert 60 * MINUTE <= arrivals.delay < 62 * MINUTE


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


@pytest.fixture
def part(engine: Engine) -> Callable[..., None]:
    """A stored part of the only source, of which only some times matter."""

    def store(*, opened_at: datetime, resolved_at: datetime | None, metric: str = "share") -> None:
        with transaction(engine) as session:
            [source_id] = watermarks.source_ids(session)
            times = {"opened_at": opened_at, "window_from": opened_at, "peak_at": opened_at, "last_judged_at": opened_at}
            named = {"fingerprint": f"{opened_at}", "rule": "rule", "rule_hash": "hash", "dimension": "source", "key": "", "metric": metric}
            figures = {"observed": 1.0, "expected": 0.1, "p_value": 1e-9, "n": 9, "n_negative": 9, "peak": {}}
            one = Part(source_id=source_id, resolved_at=resolved_at, **named, **times, **figures)
            parts.add_part(session, one, incident_id=incidents.open_incident(session, Finding.of(one)), late_before=None)

    return store


def _judge_until(engine: Engine, at: datetime, *, rejudge_from: datetime) -> None:
    with transaction(engine) as session:
        session.execute(update(Source).values(scanned_until=at, rejudge_from=rejudge_from))


def _later() -> datetime:
    return datetime.now(UTC) + 30 * MINUTE


def _span(engine: Engine, *, now: datetime) -> Span | None:
    with transaction(engine) as session:
        held = watermarks.hold_source(session, watermarks.source_ids(session)[0])
        assert held
        idle = timedelta(seconds=5)
        return watermarks.span_to_judge(session, held, bucket=BUCKET, lateness=LATENESS, idle=idle, rejudges=REJUDGES, now=now)
