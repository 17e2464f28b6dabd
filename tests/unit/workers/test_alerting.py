import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db import counted, incidents, jobs, parts, records, silences, sources, watermarks
from db.engine import transaction
from db.incidents import IncidentView
from db.parts import PartView
from db.records import Outcome
from db.tables import Baseline, Incident, IncidentEvent, IncidentPart, Notification, Source
from pipelines.records import Kind, Lane, Record
from workers import alerting, fits
from workers.settings import settings

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TURNS_AT, ENDS_AT, END = START + 3 * DAY, START + 3 * DAY + 6 * HOUR, START + 3 * DAY + 12 * HOUR
APPLE = "TICKER:AAPL"


@pytest.fixture
def stream(post: Any) -> list[Any]:
    """Posts of three and a half days about two tickers; on the last those about one turn negative for six hours."""
    return [
        _post(post, START + 6 * number * MINUTE, chance=chance)
        for chance in [random.Random(8)]
        for number in range((END - START) // (6 * MINUTE))
    ]


def _post(post: Any, at: datetime, *, chance: random.Random, risk: float | None = None) -> Any:
    ticker = chance.choice([APPLE, "TICKER:T"])
    usual = 0.95 if ticker == APPLE and TURNS_AT <= at < ENDS_AT else 0.12
    mood = "negative" if chance.random() < (usual if risk is None else risk) else "neutral"
    text = f"{ticker} shares {'fall after weak iPhone sales' if mood == 'negative' else 'trade sideways'}, {at:%d %H:%M}"
    return post(at, mood, "earnings" if mood == "negative" else "trading", (ticker,), text)


@pytest.mark.usefixtures("configured")
def test_scan_opens_one_incident_for_a_planted_turn_and_says_why(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)

    summary = alerting.scan(engine, now=_later())

    [incident] = _all(engine, "wire")
    assert summary.n_opened == summary.n_resolved == 1
    assert (incident.key, incident.state) == (APPLE, "resolved")
    assert TURNS_AT < incident.opened_at <= TURNS_AT + 3 * HOUR
    assert "$AAPL" in incident.why
    assert "rose to" in incident.why
    assert all("fall" in example["text"] for example in incident.evidence["examples"])


@pytest.mark.usefixtures("configured")
def test_scan_finds_the_same_in_any_order_of_analysis(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream, source="in-order")
    alerting.scan(engine, now=_later())

    ids = feed.store(stream, source="shuffled")
    pieces = [dict(list(zip(ids, stream, strict=True))[start : start + 200]) for start in range(0, len(ids), 200)]
    random.Random(3).shuffle(pieces)
    for piece in pieces:
        feed.analyse(piece)
        feed.refresh()
        alerting.scan(engine, now=_later())

    assert _told(engine, "shuffled") == _told(engine, "in-order")
    assert _told(engine, "shuffled")


@pytest.mark.usefixtures("configured")
def test_scan_of_a_stream_as_it_comes_finds_what_a_replay_finds(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream, source="replayed")
    alerting.scan(engine, now=_later())

    for start in range(0, len(stream), 120):
        piece = stream[start : start + 120]
        feed.bring(piece, source="live", prefix=f"{start}-")
        alerting.scan(engine, now=piece[-1].at + MINUTE)
    alerting.scan(engine, now=_later())

    assert _told(engine, "live") == _told(engine, "replayed")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("seed", [1, 2])
def test_scan_finds_the_same_when_records_come_late_shuffled_and_again(feed: Any, engine: Engine, stream: list[Any], seed: int) -> None:
    feed.bring(stream, source="in-order")
    alerting.scan(engine, now=_later())

    chance = random.Random(seed)
    arrival = [one.at + chance.choice([0, 0, 0, 1, 16]) * HOUR * chance.random() for one in stream]
    for start in [START + hours * HOUR for hours in range(0, 102, 6)]:
        came = [number for number, at in enumerate(arrival) if start <= at < start + 6 * HOUR]
        came += [number for number in chance.sample(range(len(stream)), 20) if arrival[number] < start]
        chance.shuffle(came)
        _bring(feed, {number: stream[number] for number in came}, source="late")
        alerting.scan(engine, now=start + 6 * HOUR)
    alerting.scan(engine, now=_later())

    assert _told(engine, "late") == _told(engine, "in-order") != []


@pytest.mark.usefixtures("configured")
def test_scan_takes_back_what_late_records_refute(feed: Any, engine: Engine, post: Any, stream: list[Any]) -> None:
    middle = TURNS_AT + 4 * HOUR
    feed.bring([one for one in stream if one.at < middle])
    alerting.scan(engine, now=middle)
    [opened] = _all(engine, "wire")

    feed.bring([post(TURNS_AT + number * MINUTE, "neutral", "trading", (APPLE,)) for number in range(240)], prefix="late")
    alerting.scan(engine, now=middle)

    [incident] = _all(engine, "wire")
    assert opened.state == "firing"
    assert (incident.id, incident.state, _parts(engine, "wire")) == (opened.id, "resolved", [])
    assert "withdrawn" in _events(engine)


@pytest.mark.usefixtures("configured")
def test_scan_goes_back_no_further_than_the_settings_say(
    feed: Any, engine: Engine, post: Any, stream: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWETHER_ALERTS__REJUDGES", "PT1H")
    settings.cache_clear()
    feed.bring(stream)
    alerting.scan(engine, now=_later())
    before = _told(engine, "wire")

    feed.bring([post(TURNS_AT + number * MINUTE, "neutral", "trading", (APPLE,)) for number in range(240)], prefix="late")
    summary = alerting.scan(engine, now=_later())

    assert summary.n_buckets == 4
    assert _told(engine, "wire") == before


@pytest.mark.usefixtures("configured")
def test_scan_twice_changes_nothing(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)
    alerting.scan(engine, now=_later())
    before = _everything(engine)

    assert alerting.scan(engine, now=_later()) == alerting.ScanSummary()
    assert _everything(engine) == before


@pytest.mark.usefixtures("configured")
def test_scan_at_once_with_others_finds_what_one_finds(feed: Any, engine: Engine, stream: list[Any]) -> None:
    for source in ("alone", "one", "other"):
        feed.bring(stream, source=source)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: alerting.scan(engine, now=_later()), range(8)))

    assert _told(engine, "one") == _told(engine, "other") == _told(engine, "alone")
    assert len(_parts(engine, "one")) == len({(one.fingerprint, one.opened_at) for one in _parts(engine, "one")})
    with transaction(engine) as session:
        told = session.execute(select(Notification.incident_id, Notification.change, Notification.notifier)).all()
    assert len(told) == len(set(told))


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("step", ["fits_of", "judge", "incidents.record", "watermarks.advance", "baselines.drop_baselines"])
def test_scan_that_dies_at_any_step_leaves_nothing_behind_and_the_next_finds_all(
    feed: Any, engine: Engine, stream: list[Any], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    feed.bring(stream, source="whole")
    alerting.scan(engine, now=_later())
    feed.bring(stream, source="broken")
    before = _everything(engine)

    with monkeypatch.context() as patch:
        patch.setattr(f"workers.alerting.{step}", _dying_after(attrgetter(step)(alerting)))
        with pytest.raises(Killed):
            alerting.scan(engine, now=_later())

    assert _everything(engine) == before
    alerting.scan(engine, now=_later())
    assert _told(engine, "broken") == _told(engine, "whole")


@pytest.mark.usefixtures("configured")
def test_scan_judges_the_other_sources_when_one_fails(
    feed: Any, engine: Engine, stream: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.bring(stream, source="first")
    feed.bring(stream, source="second")
    real = alerting.fits_of

    def failing(session: Any, rules: Any, *, source_id: int, **asked: Any) -> Any:
        if source_id == min(_source_ids(engine)):
            raise Killed
        return real(session, rules, source_id=source_id, **asked)

    monkeypatch.setattr(alerting, "fits_of", failing)
    with pytest.raises(Killed):
        alerting.scan(engine, now=_later())

    assert _parts(engine, "first") == []
    assert _parts(engine, "second") != []


@pytest.mark.usefixtures("configured")
def test_scan_reads_a_window_and_keeps_baselines_for_the_next(
    feed: Any, engine: Engine, stream: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = next(number for number, one in enumerate(stream) if one.at >= START + 2 * DAY + HOUR)
    feed.bring(stream[:cut])
    alerting.scan(engine, now=stream[cut].at)
    reads, real = [], counted.read_counted
    monkeypatch.setattr(counted, "read_counted", lambda *given, **asked: reads.append(asked) or real(*given, **asked))
    monkeypatch.setattr(fits, "_fit", _dying_after(fits._fit))

    feed.bring(stream[cut : cut + 20], prefix="more")
    summary = alerting.scan(engine, now=stream[cut + 20].at)

    assert summary.n_buckets == 8
    assert reads[0]["until"] - reads[0]["since"] <= DAY + 7 * HOUR


@pytest.mark.usefixtures("configured")
def test_scan_never_alerts_on_a_backfill(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream, lane=Lane.BACKFILL)

    assert alerting.scan(engine, now=_later()).n_opened == 0


@pytest.mark.usefixtures("configured")
def test_scan_never_alerts_on_what_a_backfill_brought_into_a_live_stream(feed: Any, engine: Engine, post: Any, stream: list[Any]) -> None:
    calm = [one for one in stream if one.at < TURNS_AT]
    feed.bring(calm)
    alerting.scan(engine, now=TURNS_AT)
    bad = [post(TURNS_AT - 3 * HOUR + number * MINUTE, "negative", "earnings", (APPLE,)) for number in range(170)]
    feed.bring(bad, lane=Lane.BACKFILL, prefix="old")
    for hours in range(1, 30):
        chance = random.Random(hours)
        more = [_post(post, TURNS_AT + hours * HOUR + 6 * number * MINUTE, chance=chance, risk=0.12) for number in range(10)]
        feed.bring(more, prefix=f"{hours}-")
        alerting.scan(engine, now=TURNS_AT + (hours + 1) * HOUR)

    assert _parts(engine, "wire") == []


@pytest.mark.usefixtures("configured")
def test_scan_tells_of_a_live_turn_whatever_a_backfill_brings(feed: Any, engine: Engine, post: Any, stream: list[Any]) -> None:
    old = [post(START + number * 6 * MINUTE, "neutral", "trading", (APPLE,)) for number in range(200)]
    feed.bring(old, lane=Lane.BACKFILL, prefix="old")
    feed.bring(stream)

    assert alerting.scan(engine, now=_later()).n_opened == 1


@pytest.mark.usefixtures("configured")
def test_scan_queues_one_notification_a_change_and_deliver_sends_it_once(
    feed: Any, engine: Engine, stream: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    feed.bring(stream)
    summary = alerting.scan(engine, now=_later())

    assert alerting.deliver(engine) == summary.n_opened + summary.n_resolved == 2
    assert alerting.deliver(engine) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ALERT ")]
    assert len(lines) == 2


@pytest.mark.usefixtures("configured")
def test_scan_keeps_a_silenced_incident_to_itself(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream)
    with transaction(engine) as session:
        until = _later() + DAY
        silences.add_silence(session, matcher={"source": "wire"}, starts_at=START, ends_at=until, author="ana", reason="known")

    assert alerting.scan(engine, now=_later()).n_opened > 0

    assert _queued(engine) == 0
    assert "silenced" in _events(engine)


@pytest.mark.usefixtures("configured")
def test_scan_updates_an_acknowledged_incident_and_keeps_it_acknowledged(feed: Any, engine: Engine, stream: list[Any]) -> None:
    cut = next(number for number, one in enumerate(stream) if one.at >= TURNS_AT + 4 * HOUR)
    feed.bring(stream[:cut])
    alerting.scan(engine, now=stream[cut].at)
    [before] = _all(engine, "wire")
    with transaction(engine) as session:
        assert incidents.acknowledge(session, before.id, who="ana", why="on it")
    feed.bring(stream[cut : cut + 6], prefix="more")
    alerting.scan(engine, now=stream[cut + 6].at)

    [after] = _all(engine, "wire")
    assert after.id == before.id
    assert after.state == "acknowledged"
    assert after.last_judged_at > before.last_judged_at


@pytest.mark.usefixtures("configured")
def test_scan_ends_the_incidents_of_a_rule_that_is_gone(
    feed: Any, engine: Engine, stream: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = next(number for number, one in enumerate(stream) if one.at >= TURNS_AT + 4 * HOUR)
    feed.bring(stream[:cut])
    alerting.scan(engine, now=stream[cut].at)
    monkeypatch.setenv("BELLWETHER_ALERTS__RULES", '{"another": {"metric": "volume", "min_records": 1000}}')
    settings.cache_clear()

    alerting.scan(engine, now=stream[cut].at)

    assert [one.state for one in _all(engine, "wire")] == ["resolved"]


@pytest.mark.usefixtures("configured")
def test_scan_leaves_a_source_to_the_scan_that_holds_it(feed: Any, engine: Engine, stream: list[Any]) -> None:
    feed.bring(stream[:100])
    with transaction(engine) as session:
        assert watermarks.hold_source(session, watermarks.source_ids(session)[0])

        assert alerting.scan(engine, now=_later()) == alerting.ScanSummary()


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("year", [1, 1969, 1970])
def test_scan_is_neither_stopped_nor_kept_busy_by_a_wrong_date(feed: Any, engine: Engine, post: Any, year: int) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    feed.bring([post(datetime(year, 1, 1, tzinfo=UTC), "negative"), post(noon), post(noon + timedelta(hours=3))])

    summary = alerting.scan(engine, now=datetime.now(UTC) + timedelta(days=1))

    assert summary.n_sources <= 3
    assert summary.n_buckets > 365 * 24 * 4 * 50
    assert summary.n_opened == 0


class Killed(Exception):
    """The scan's process died here."""


def _dying_after(real: Any) -> Any:
    def dying(*given: Any, **asked: Any) -> Any:
        real(*given, **asked)
        raise Killed

    return dying


def _bring(feed: Any, posts: Mapping[int, Any], *, source: str) -> None:
    """Take posts in by number, as live records; those that came before are duplicates."""
    given = [Record(source, f"p{number}", Kind.NEWS, one.text, one.at) for number, one in posts.items()]
    with transaction(feed.engine) as session:
        source_id = sources.ensure_source(session, source, kind=Kind.NEWS, taxonomy="finance-desk")
        job = jobs.open_job(session, lane=Lane.LIVE)
        stored = records.save_records(session, given, source_id=source_id, job_id=job.id, lane=Lane.LIVE, batched=True)
        jobs.close_job(session, job.id)
    fresh = [(one.record_id, post) for one, post in zip(stored, posts.values(), strict=True) if one.outcome is Outcome.NEW]
    if fresh:
        feed.analyse(dict(fresh))
    feed.refresh()


def _later() -> datetime:
    return datetime.now(UTC) + HOUR


def _all(engine: Engine, source: str) -> Sequence[IncidentView]:
    with transaction(engine) as session:
        return incidents.list_incidents(session, source=source)


def _source_ids(engine: Engine) -> Sequence[int]:
    with transaction(engine) as session:
        return watermarks.source_ids(session)


def _parts(engine: Engine, source: str) -> list[PartView]:
    """Return the parts that stand, of all rules."""
    with transaction(engine) as session:
        [source_id] = session.scalars(select(Source.id).where(Source.name == source))
        found = (parts.read_parts(session, source_id=source_id, rule=rule, since=START - DAY) for rule in settings().alerts.rules)
        return [one for some in found for one in some]


def _told(engine: Engine, source: str) -> list[tuple[Any, ...]]:
    """Return what the parts say, save the ids and what names the source."""
    names = ("rule", "dimension", "key", "opened_at", "window_from", "peak_at", "last_judged_at", "resolved_at", "n", "n_negative")
    return sorted((*(str(getattr(one, name)) for name in names), f"{one.p_value:.4e}") for one in _parts(engine, source))


def _events(engine: Engine) -> list[str]:
    with transaction(engine) as session:
        return list(session.scalars(select(IncidentEvent.what).order_by(IncidentEvent.id)))


def _queued(engine: Engine) -> int:
    with transaction(engine) as session:
        return session.scalar(select(func.count()).select_from(Notification)) or 0


def _everything(engine: Engine) -> list[Any]:
    """Return all rows that a scan may write."""
    with transaction(engine) as session:
        tables = (Incident, IncidentPart, IncidentEvent, Notification, Baseline, Source)
        return [sorted(map(str, session.execute(select(*table.__table__.columns)).all())) for table in tables]
