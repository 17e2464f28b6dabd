import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import counted, watermarks
from db.engine import transaction
from db.tables import Baseline
from db.watermarks import Span
from workers import alerting, fits
from workers.alert_settings import DEFAULT_RULES, Rule
from workers.clock import Clock
from workers.judging import Fits, Fitted, grid_points

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOCK = Clock(timedelta(minutes=15))
SPAN = Span(START + 2 * DAY, START + 2 * DAY + 8 * HOUR)
BUSY, RARE = ("entity", "TICKER:AAPL"), ("entity", "TICKER:T")


@pytest.fixture
def posts(post: Any) -> list[Any]:
    """Two and a half days of posts every 20 minutes, most about one ticker and a few about another."""
    chance = random.Random(1)
    moods = [chance.choice(["negative", "neutral", "neutral"]) for _ in range(180)]
    tickers = ["TICKER:T" if number % 30 == 0 else "TICKER:AAPL" for number in range(180)]
    return [post(START + number * HOUR / 3, moods[number], "earnings", (tickers[number],)) for number in range(180)]


@pytest.fixture
def fit(session: Session) -> Callable[..., dict[str, Fits]]:
    """Have the baselines of `SPAN` at hand, by the shipped rules unless told otherwise."""

    def fit(rules: dict[str, Rule] = DEFAULT_RULES, *, span: Span = SPAN) -> dict[str, Fits]:
        [source_id] = watermarks.source_ids(session)
        asked = {"source_id": source_id, "since": START, "until": span.until, "bucket": CLOCK.bucket}
        rows = counted.read_counted(session, dimensions=("source", "topic", "entity"), **asked)
        known: dict[str, list[Any]] = {name: [] for name in rules}
        return fits.fits_of(session, rules, rows=rows, known=known, source_id=source_id, clock=CLOCK, span=span)

    return fit


def test_fits_hold_every_series_that_could_turn_at_every_grid_point(feed: Any, posts: list[Any], fit: Any) -> None:
    feed.bring(posts)

    found = fit()

    points = grid_points(DEFAULT_RULES["negative-share"], clock=CLOCK, span=SPAN)
    assert len(points) == 2
    assert sorted(found["negative-share"]) == sorted(found["negatives"]) == points
    assert all({BUSY, ("source", ""), ("topic", "earnings")} == set(one.names) for one in found["negatives"].values())


def test_fits_are_read_back_as_they_were_fitted(
    feed: Any, posts: list[Any], fit: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.bring(posts)
    first = fit()
    monkeypatch.setattr(fits, "_fit", None)

    again = fit()

    names = sorted(first["negatives"][min(first["negatives"])].names)
    for rule, at in ((name, at) for name, some in first.items() for at in some):
        one, other = (held[rule][at].rows_of(names) for held in (first, again))
        assert np.array_equal(one.since, other.since)
        assert one.shares
        assert other.shares
        assert np.array_equal(one.shares.spread, other.shares.spread)
    assert len(session.scalars(select(Baseline.fitted_at)).all()) == 4


def test_fits_add_the_series_that_were_not_worth_it_before(feed: Any, engine: Engine, posts: list[Any], post: Any, fit: Any) -> None:
    feed.bring(posts)
    fit()
    feed.bring([post(SPAN.after + minutes * timedelta(minutes=1), "neutral", None, (RARE[1],)) for minutes in range(20)], prefix="more")

    found = fit()["negatives"]

    [before, last] = sorted(found)
    assert RARE in found[before].names
    assert RARE in found[last].names
    assert len(set(found[last].names)) == len(found[last].names)


def test_fits_of_a_part_of_the_series_are_those_of_all(feed: Any, posts: list[Any], fit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    feed.bring(posts)
    monkeypatch.setattr(fits.baselines, "save_baselines", lambda *_, **__: None)
    whole = fit()
    monkeypatch.setattr(fits, "SERIES_AT_ONCE", 1)

    single = fit()

    for rule, at in ((name, at) for name, some in whole.items() for at in some):
        one, other = (held[rule][at].rows_of(sorted(whole[rule][at].names)) for held in (whole, single))
        assert one.shares
        assert other.shares
        assert np.allclose(one.shares.height, other.shares.height, rtol=1e-6)
        assert np.array_equal(one.since, other.since)


def test_fits_of_a_stretch_without_records_hold_nobody(feed: Any, posts: list[Any], fit: Any) -> None:
    feed.bring(posts)

    found = fit(span=Span(START + 20 * DAY, START + 21 * DAY))["negatives"]

    assert [one.names for one in found.values()] == [()] * 4
    assert next(iter(found.values())).rows_of([BUSY]).since[0] == np.iinfo(np.int64).max


def test_fit_hash_names_what_baselines_depend_on_only() -> None:
    rule = DEFAULT_RULES["negatives"]
    looser = rule.model_copy(update={"false_incidents": 100.0, "min_records": 50})

    assert fits.fit_hash(rule, clock=CLOCK) == fits.fit_hash(looser, clock=CLOCK)
    assert fits.fit_hash(rule, clock=CLOCK) != fits.fit_hash(rule.model_copy(update={"season": 2 * rule.season}), clock=CLOCK)
    assert fits.fit_hash(rule, clock=CLOCK) != fits.fit_hash(rule, clock=Clock(timedelta(minutes=5)))


def test_unpack_refuses_the_baselines_of_another_version(feed: Any, posts: list[Any], fit: Any) -> None:
    feed.bring(posts)
    one: Fitted = next(iter(fit()["negatives"].values()))
    stored = fits.pack(one)

    assert fits.unpack(stored)
    assert fits.unpack(stored.replace(b"spread", b"spraed")) is None


def test_scan_drops_baselines_that_a_late_record_belies(feed: Any, engine: Engine, posts: list[Any], post: Any, fit: Any) -> None:
    feed.bring(posts)
    alerting.scan(engine, now=datetime.now(UTC) + HOUR)
    before = _stored(engine)
    feed.bring([post(posts[-1].at - 7 * HOUR, "neutral", "earnings", ("TICKER:AAPL",))], prefix="late")

    alerting.scan(engine, now=datetime.now(UTC) + HOUR)

    after = _stored(engine)
    assert before.keys() == after.keys()
    late = posts[-1].at - 7 * HOUR
    assert {at for at in before if before[at] != after[at]} == {at for at in before if at[1] > late}


def _stored(engine: Engine) -> dict[tuple[str, datetime], bytes]:
    with transaction(engine) as session:
        return {(row.rule_hash, row.fitted_at): row.payload for row in session.execute(select(*Baseline.__table__.columns))}
