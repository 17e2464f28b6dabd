import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db import incidents
from db.engine import transaction
from db.tables import Baseline, Incident, IncidentPart, Notification
from pipelines.records import Lane
from workers import alerting, rules
from workers.alert_settings import Rule
from workers.errors import NotFound
from workers.replay import Replay, replay

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
N_DAYS, TURN = 12, 9
APPLE = "TICKER:AAPL"


@pytest.fixture
def stream(post: Any) -> list[Any]:
    """Twelve days of posts about two tickers; on the tenth those about one turn negative for twelve hours."""
    chance = random.Random(7)
    posts = []
    for minute in range(0, N_DAYS * 24 * 60, 12):
        turned = TURN * 24 * 60 <= minute < (TURN * 24 + 12) * 60
        ticker = chance.choice([APPLE, "TICKER:T"])
        mood = "negative" if chance.random() < (0.9 if turned and ticker == APPLE else 0.12) else "neutral"
        posts.append(post(START + timedelta(minutes=minute), mood, None, (ticker,), f"{ticker} moved {minute}"))
    return posts


@pytest.mark.usefixtures("configured")
def test_replay_finds_what_scans_find(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)
    alerting.scan(engine, now=_now())

    done = _replayed(engine, since=START)

    with transaction(engine) as session:
        stored = incidents.list_incidents(session)
    assert stored
    assert sorted((one.lead.key, one.opened_at, one.resolved_at, len(one.parts), one.severity) for one in done.incidents) == sorted(
        (one.key, one.opened_at, one.resolved_at, one.n_parts, one.severity) for one in stored
    )


@pytest.mark.usefixtures("configured")
def test_replay_stores_and_sends_nothing(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)

    done = _replayed(engine, since=timedelta(days=30))

    assert {one.lead.key for one in done.incidents} == {APPLE}
    assert done.incidents[0].why.startswith("Negative ")
    assert done.series_days == pytest.approx(dict.fromkeys(done.series_days, 3.0 * N_DAYS), rel=0.01)
    with transaction(engine) as session:
        for table in (Incident, IncidentPart, Notification, Baseline):
            assert session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.usefixtures("configured")
def test_replay_from_later_on_finds_the_same_and_leaves_out_what_went_on_before(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)
    [whole] = _replayed(engine, since=START).incidents

    [same] = _replayed(engine, since=whole.opened_at - timedelta(hours=1)).incidents

    assert (same.opened_at, same.resolved_at, same.lead) == (whole.opened_at, whole.resolved_at, whole.lead)
    assert _replayed(engine, since=whole.opened_at).incidents == ()


@pytest.mark.usefixtures("configured")
def test_replay_in_stretches_finds_the_same(feed: Any, engine: Engine, stream: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    feed.bring(stream, lane=Lane.BACKFILL)  # a replay judges it, though it would page nobody
    whole = _replayed(engine, since=START).incidents

    monkeypatch.setattr("workers.replay.LONGEST_SPAN", timedelta(hours=37))

    assert _replayed(engine, since=START).incidents == whole
    assert len(whole) == 1


@pytest.mark.usefixtures("configured")
def test_replay_judges_by_the_rules_it_is_given_and_the_source_it_is_asked_for(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)

    assert _replayed(engine, since=START, chosen={"deaf": Rule(min_records=10_000)}).incidents == ()
    assert _replayed(engine, since=START, chosen={"topics": Rule(dimensions=("topic",))}).series_days == {"topics": 0.0}
    with pytest.raises(NotFound, match="no history of source nowhere"):
        _replayed(engine, since=START, source="nowhere")


def _replayed(engine: Engine, *, since: datetime | timedelta, chosen: dict[str, Rule] | None = None, source: str | None = None) -> Replay:
    with transaction(engine) as session:
        return replay(session, chosen or rules.in_force(session), since=since, now=_now(), source=source)


def _now() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)
