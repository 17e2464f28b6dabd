from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from db import baselines, retention, rollups, watermarks
from db.engine import transaction
from db.tables import Baseline, Rollup, RollupTouched, Source
from pipelines.records import Lane

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUCKET = timedelta(minutes=15)


def test_refresh_counts_each_series_by_bucket(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring(
        [
            post(NOON, "negative", "earnings", ("TICKER:AAPL", "ORG:apple")),
            post(NOON + timedelta(minutes=14), "positive", "earnings", ("TICKER:AAPL",)),
            post(NOON + timedelta(minutes=15), "negative", None, ("TICKER:AAPL",)),
        ]
    )

    later = NOON + BUCKET
    assert _rows(engine) == {
        ("source", "", NOON, 2, 1, 0, 1),
        ("source", "", later, 1, 1, 0, 0),
        ("topic", "earnings", NOON, 2, 1, 0, 1),
        ("entity", "TICKER:AAPL", NOON, 2, 1, 0, 1),
        ("entity", "TICKER:AAPL", later, 1, 1, 0, 0),
        ("entity", "ORG:apple", NOON, 1, 1, 0, 0),
    }


def test_refresh_counts_a_record_once_an_entity_and_no_sensitive_group(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON, "negative", None, ("PER:jane doe", "PER:jane doe", "EMAIL:[email]", "MONEY:5 usd"))])

    assert {row for row in _rows(engine) if row[0] == "entity"} == {("entity", "PER:jane doe", NOON, 1, 1, 0, 0)}


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (("", ""), (0, 0, 0)),
        (("neutral", "neutral"), (0, 1, 0)),
        (("neutral", "positive", "neutral"), (0, 0, 1)),
        (("negative", "positive", "positive"), (0, 0, 1)),
        (("negative", "positive"), (1, 0, 0)),
    ],
)
def test_refresh_counts_a_record_by_how_it_speaks_of_an_entity(
    feed: Any, engine: Engine, post: Any, said: tuple[str, ...], counts: tuple[int, ...]
) -> None:
    feed.bring([post(NOON, "neutral", "earnings", ("ORG:other=positive", *(f"ORG:apple={one}" for one in said)))])

    columns = (Rollup.key, Rollup.n, Rollup.n_negative_towards, Rollup.n_neutral_towards, Rollup.n_positive_towards)
    with transaction(engine) as session:
        rows = set(map(tuple, session.execute(select(*columns))))
    assert rows == {("", 1, 0, 0, 0), ("earnings", 1, 0, 0, 0), ("ORG:other", 1, 0, 0, 1), ("ORG:apple", 1, *counts)}


def test_refresh_counts_the_newest_model_revision_only(feed: Any, engine: Engine, post: Any) -> None:
    [record_id] = feed.bring([post(NOON, "negative")])
    feed.analyse({record_id: post(NOON, "positive")}, revision="fedcba987654")
    feed.refresh()

    assert _rows(engine) == {("source", "", NOON, 1, 0, 0, 1)}


def test_refresh_forgets_a_superseded_version(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON, "negative", text="Down.")])
    feed.bring([post(NOON + timedelta(hours=1), "positive", text="Up, we meant.")])

    assert _rows(engine) == {("source", "", NOON + timedelta(hours=1), 1, 0, 0, 1)}


def test_refresh_twice_changes_nothing_and_leaves_no_note(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON, "negative", "earnings", ("ORG:apple",))])
    before = _rows(engine)
    with transaction(engine) as session:
        rollups.touch_all(session)
    feed.refresh()

    assert _rows(engine) == before
    with transaction(engine) as session:
        assert session.scalars(select(RollupTouched.id)).all() == []


def test_refresh_takes_no_more_notes_than_its_limit(feed: Any, engine: Engine, post: Any) -> None:
    posts = [post(NOON + hour * timedelta(hours=1), "negative") for hour in range(5)]
    feed.analyse(dict(zip(feed.store(posts), posts, strict=True)))

    with transaction(engine) as session:
        assert [rollups.refresh(session, bucket=BUCKET, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_refresh_by_several_at_once_counts_everything(feed: Any, engine: Engine, post: Any) -> None:
    posts = [post(NOON + number * timedelta(minutes=7), "negative", "earnings", ("ORG:apple",)) for number in range(60)]
    feed.analyse(dict(zip(feed.store(posts), posts, strict=True)))

    def refresh(_: int) -> int:
        with transaction(engine) as session:
            return rollups.refresh(session, bucket=BUCKET, limit=7)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(refresh, range(40)))

    assert sum(row[3] for row in _rows(engine) if row[0] == "source") == 60


def _rows(engine: Engine) -> set[tuple[Any, ...]]:
    columns = (Rollup.dimension, Rollup.key, Rollup.bucket_at, Rollup.n, Rollup.n_negative, Rollup.n_neutral, Rollup.n_positive)
    with transaction(engine) as session:
        return {tuple(row) for row in session.execute(select(*columns).join(Source, Source.id == Rollup.source_id))}


def test_refresh_notes_the_oldest_bucket_that_live_records_changed_behind_the_scan(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + timedelta(hours=2))])
    _judged_until(engine, NOON + timedelta(hours=1))

    feed.bring([post(NOON + timedelta(minutes=minutes)) for minutes in (20, 50, 70)], prefix="late")
    feed.bring([post(NOON + timedelta(minutes=40))], prefix="later")

    assert _rejudged_from(engine) == NOON + BUCKET


def test_refresh_notes_nothing_that_a_backfill_or_an_erasure_changed(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON), post(NOON + timedelta(hours=2))])
    _judged_until(engine, NOON + timedelta(hours=3))

    feed.bring([post(NOON)], lane=Lane.BACKFILL, prefix="old")
    with transaction(engine) as session:
        assert retention.erase_record(session, source="wire", external_id="p0")
    feed.refresh()

    assert _rejudged_from(engine) is None


def test_refresh_waits_for_the_scan_that_may_have_read_the_old_counts(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON)])
    late = [post(NOON + timedelta(minutes=1))]
    feed.analyse(dict(zip(feed.store(late, prefix="late"), late, strict=True)))
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as session:
            held = watermarks.hold_source(session, watermarks.source_ids(session)[0])
            assert held
            refreshing = pool.submit(feed.refresh)
            while not _blocked(engine):
                pass
            watermarks.advance(session, held, until=NOON + timedelta(hours=1))
        refreshing.result()

    assert _rejudged_from(engine) == NOON


def test_touch_all_forgets_baselines_and_has_nothing_judged_again(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON)])
    _judged_until(engine, NOON + timedelta(hours=1))
    with transaction(engine) as session:
        [source_id] = watermarks.source_ids(session)
        baselines.save_baselines(session, {NOON: b"fitted"}, source_id=source_id, rule_hash="hash")
        rollups.touch_all(session)
    feed.refresh()

    with transaction(engine) as session:
        assert session.scalars(select(Baseline.fitted_at)).all() == []
    assert _rejudged_from(engine) is None


def _judged_until(engine: Engine, at: datetime) -> None:
    with transaction(engine) as session:
        session.execute(update(Source).values(scanned_until=at))


def _rejudged_from(engine: Engine) -> datetime | None:
    with transaction(engine) as session:
        return session.scalars(select(Source.rejudge_from)).one()


def _blocked(engine: Engine) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with transaction(engine) as session:
        return bool(session.execute(text(waiting)).scalar_one())
