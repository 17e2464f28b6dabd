import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db import incidents, watermarks
from db.engine import transaction
from db.incidents import IncidentView
from db.tables import Notification
from pipelines.records import Lane
from workers import alerting

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
N_DAYS, TURN = 14, 11
APPLE = "TICKER:AAPL"


@pytest.fixture
def stream(post: Any) -> list[Any]:
    """Two weeks of posts about three tickers; on the eleventh day those about one turn negative for twelve hours."""
    chance = random.Random(7)
    posts = []
    for minute in range(0, N_DAYS * 24 * 60, 10):
        at = START + timedelta(minutes=minute)
        turned = TURN * 24 * 60 <= minute < (TURN * 24 + 12) * 60
        ticker = chance.choice([APPLE, "TICKER:FB", "TICKER:T"])
        risk = 0.85 if turned and ticker == APPLE else 0.12
        mood = "negative" if chance.random() < risk else "neutral"
        text = f"{ticker} shares {'fall after weak iPhone sales' if mood == 'negative' else 'trade sideways'} number{minute}"
        posts.append(post(at, mood, "earnings" if mood == "negative" else "trading", (ticker,), text))
    return posts


@pytest.mark.usefixtures("configured")
def test_scan_opens_one_incident_for_a_planted_turn_and_says_why(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)

    summary = alerting.scan(engine, now=_later())

    [incident] = _of(engine, APPLE)
    assert summary.n_sources == 1
    assert incident.state == "resolved"
    assert START + TURN * DAY < incident.opened_at <= START + (TURN + 1) * DAY
    assert incident.why.startswith(("Negative share of $AAPL in wire rose to ", "Negative records about $AAPL in wire rose to "))
    assert incident.evidence["drivers"][0]["key"] == "earnings"
    assert len(incident.evidence["examples"]) >= 1
    assert all("fall" in example["text"] for example in incident.evidence["examples"])


@pytest.mark.usefixtures("configured")
def test_scan_finds_the_same_in_any_order_of_arrival(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream, source="in-order")
    alerting.scan(engine, now=_later())

    ids = feed.store(stream, source="shuffled")
    pieces = [dict(list(zip(ids, stream, strict=True))[start : start + 150]) for start in range(0, len(ids), 150)]
    random.Random(3).shuffle(pieces)
    for number, piece in enumerate(pieces):
        feed.analyse(piece)
        if number % 3 == 0:
            feed.refresh()
        alerting.scan(engine, now=_later())
    feed.refresh()
    alerting.scan(engine, now=_later())

    assert _told(engine, "shuffled") == _told(engine, "in-order")
    assert _told(engine, "shuffled")


@pytest.mark.usefixtures("configured")
def test_scan_of_a_stream_as_it_comes_finds_what_a_replay_finds(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream, source="replayed")
    alerting.scan(engine, now=_later())

    for start in range(0, len(stream), 300):
        piece = stream[start : start + 300]
        feed.bring(piece, source="live", prefix=f"{start}-")
        alerting.scan(engine, now=piece[-1].at + timedelta(minutes=1))
    alerting.scan(engine, now=_later())

    assert _told(engine, "live") == _told(engine, "replayed")


@pytest.mark.usefixtures("configured")
def test_scan_twice_changes_nothing(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)
    alerting.scan(engine, now=_later())
    before = _told(engine, "wire")

    assert alerting.scan(engine, now=_later()) == alerting.ScanSummary()
    assert _told(engine, "wire") == before


@pytest.mark.usefixtures("configured")
def test_scan_never_alerts_on_a_backfill(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream, lane=Lane.BACKFILL)

    assert alerting.scan(engine, now=_later()).n_opened == 0


@pytest.mark.usefixtures("configured")
def test_scan_queues_one_notification_a_change_and_deliver_sends_it_once(
    feed: Any, engine: Engine, stream: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    feed.bring(stream)
    summary = alerting.scan(engine, now=_later())

    assert alerting.deliver(engine) == summary.n_opened + summary.n_resolved
    assert alerting.deliver(engine) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ALERT ")]
    assert len(lines) == summary.n_opened + summary.n_resolved


@pytest.mark.usefixtures("configured")
def test_scan_keeps_a_silenced_incident_to_itself(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)
    with transaction(engine) as session:
        until = _later() + DAY
        incidents.add_silence(session, matcher={"source": "wire"}, starts_at=START, ends_at=until, author="ana", reason="known")

    assert alerting.scan(engine, now=_later()).n_opened > 0

    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Notification)) == 0
        [incident] = _of(engine, APPLE)
        assert "silenced" in [event.what for event in incidents.read_events(session, incident.id)]


@pytest.mark.usefixtures("configured")
def test_scan_updates_an_acknowledged_incident_and_keeps_it_acknowledged(feed: Any, engine: Engine, stream: list[Any]) -> None:
    cut = next(index for index, one in enumerate(stream) if one.at >= START + TURN * DAY + timedelta(hours=18))
    feed.bring(stream[:cut])
    alerting.scan(engine, now=_later())
    [before] = _of(engine, APPLE)
    with transaction(engine) as session:
        assert incidents.acknowledge(session, before.id, who="ana", why="on it")
    feed.bring(stream[cut : cut + 6], prefix="more")
    alerting.scan(engine, now=_later())

    [after] = _of(engine, APPLE)
    assert after.id == before.id
    assert after.state == "acknowledged"
    assert after.last_judged_at > before.last_judged_at


@pytest.mark.usefixtures("configured")
def test_scan_leaves_a_source_to_the_scan_that_holds_it(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream[:100])
    with transaction(engine) as session:
        assert watermarks.hold_source(session, watermarks.source_ids(session)[0])

        assert alerting.scan(engine, now=_later()) == alerting.ScanSummary()


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def _all(engine: Engine, source: str) -> Sequence[IncidentView]:
    with transaction(engine) as session:
        return incidents.list_incidents(session, source=source)


def _of(engine: Engine, key: str) -> list[IncidentView]:
    """Return the share incidents about one entity."""
    return [one for one in _all(engine, "wire") if one.key == key and one.metric == "share"]


def _told(engine: Engine, source: str) -> list[tuple[Any, ...]]:
    """Return what incidents say, save the ids and what names the source."""
    return sorted(
        (
            one.rule,
            one.dimension,
            one.key,
            one.opened_at,
            one.peak_at,
            one.last_judged_at,
            one.resolved_at,
            one.n,
            one.n_negative,
            one.p_value,
        )
        for one in _all(engine, source)
    )


@pytest.mark.parametrize("year", [1, 1969, 1970])
def test_scan_is_neither_stopped_nor_kept_busy_by_a_wrong_date(
    feed: Any, engine: Engine, post: Any, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    monkeypatch.setattr(alerting, "LONGEST_SPAN", timedelta(days=99_999))  # decades in one transaction, for the test's speed
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    feed.bring([post(datetime(year, 1, 1, tzinfo=UTC), "negative"), post(noon), post(noon + timedelta(hours=3))])

    summary = alerting.scan(engine, now=datetime.now(UTC) + timedelta(days=1))

    assert summary.n_sources == 1
    assert summary.n_buckets > 365 * 24 * 4 * 50
    assert summary.n_opened == 0
