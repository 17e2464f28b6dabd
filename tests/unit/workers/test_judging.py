from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from db.counted import Counted
from db.parts import Part, PartView
from db.rollups import EPOCH
from db.watermarks import Span
from workers.alert_settings import Rule
from workers.clock import Clock
from workers.judging import Judged, Watched, grid_points, judge, reach

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOCK = Clock(timedelta(minutes=15))
WIRE = Watched(1, "wire")
RULE = Rule(dimensions=("entity",))
TURN = (START + 4 * DAY, START + 4 * DAY + 6 * HOUR)
END = START + 5 * DAY
TURNED, OTHER, TOPIC = ("entity", "TICKER:AAPL"), ("entity", "TICKER:T"), ("topic", "earnings")


def _rows(*, turned: float = 0.8, until: datetime = END) -> Counted:
    """Five days of 10 records a bucket in three series, one of which turns negative for six hours."""
    chance, n = np.random.default_rng(1), (END - START) // CLOCK.bucket
    first = (START - EPOCH) // CLOCK.bucket
    share = np.full((3, n), 0.1)
    share[0, (TURN[0] - START) // CLOCK.bucket : (TURN[1] - START) // CLOCK.bucket] = turned
    negative = chance.binomial(10, share)
    kept = (until - START) // CLOCK.bucket
    series, bucket = np.repeat(np.arange(3), kept), np.tile(np.arange(kept) + first, 3)
    return Counted((TURNED, OTHER, TOPIC), series, bucket, np.full(3 * kept, 10), negative[:, :kept].ravel())


def _judge(rows: Counted, *, after: datetime = START, until: datetime = END, known: list[PartView] | None = None) -> Judged:
    asked: dict[str, Any] = {"rule_name": "share", "rule": RULE, "clock": CLOCK, "source": WIRE, "fitted": {}}
    return judge(rows, span=Span(after, until), known=known or [], **asked)


def _stored(part: Part, number: int = 1, **changes: Any) -> PartView:
    return replace(PartView(**asdict(part), id=number, incident_id=1, source="wire", withdrawn=False), **changes)


def test_judge_finds_the_turn_of_the_series_that_the_rule_watches() -> None:
    judged = _judge(_rows())

    [part] = judged.found
    assert (part.rule, part.source_id, part.dimension, part.key, part.metric) == ("share", 1, *TURNED, "share")
    assert TURN[0] < part.opened_at <= TURN[0] + HOUR
    assert part.resolved_at
    assert part.resolved_at > TURN[1]
    assert part.peak["at"] == part.peak_at.isoformat()
    assert part.peak["start"] == part.window_from.isoformat()
    assert judged.withdrawn == []


def test_judge_in_two_steps_finds_the_same() -> None:
    middle = TURN[0] + 3 * HOUR
    [whole] = _judge(_rows()).found

    [first] = _judge(_rows(until=middle), until=middle).found
    [second] = _judge(_rows(), after=middle, known=[_stored(first)]).found

    assert first.resolved_at is None
    assert first.last_judged_at == middle
    assert second == whole


def test_judge_again_says_nothing_of_what_stands() -> None:
    [part] = _judge(_rows()).found

    assert _judge(_rows(), known=[_stored(part)]) == Judged([], [])


def test_judge_again_withdraws_what_is_no_more() -> None:
    stored = [_stored(part) for part in _judge(_rows()).found]

    assert _judge(_rows(turned=0.1), known=stored) == Judged([], stored)


def test_judge_again_corrects_what_is_another() -> None:
    [part] = _judge(_rows(turned=0.5)).found
    stored = _stored(part)

    judged = _judge(_rows(turned=0.95), known=[stored])

    [found] = judged.found
    assert found.fingerprint == part.fingerprint
    assert found.p_value < part.p_value
    assert judged.withdrawn == ([] if found.opened_at == part.opened_at else [stored])


def test_judge_leaves_what_ended_before_the_span_alone() -> None:
    [part] = _judge(_rows()).found

    assert part.resolved_at
    assert _judge(_rows(), after=part.resolved_at, known=[_stored(part)]) == Judged([], [])


@pytest.mark.parametrize("hours", [1, 6, 24])
def test_reach_goes_back_a_window_or_a_season_before_what_is_not_fitted(hours: int) -> None:
    span = Span(END, END + hours * HOUR)
    points = grid_points(RULE, clock=CLOCK, span=span)

    assert len(points) == max(1, hours // 6)
    assert reach(RULE, clock=CLOCK, span=span, fitted={}) <= END - RULE.season
    assert END - RULE.window - 6 * HOUR <= reach(RULE, clock=CLOCK, span=span, fitted=points) <= END - RULE.window
