from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from db import incidents, watermarks
from db.engine import transaction
from db.incidents import IncidentView
from db.tables import Notification, Record, Rollup
from pipelines.records import Lane
from workers import rules, silent
from workers.alert_settings import Rule
from workers.errors import Conflict
from workers.settings import SettingsError, settings

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BUCKET = 15 * MINUTE

pytestmark = pytest.mark.usefixtures("configured")


@pytest.fixture
def live(feed: Any, engine: Engine, post: Any) -> Callable[..., None]:
    """A feed of 12 records an hour for three weeks, each received a minute after it was published, until `NOW`."""

    def bring(*, delay: timedelta = MINUTE, lane: Lane = Lane.LIVE) -> None:
        feed.bring([post(NOW - number * 5 * MINUTE) for number in range(1, 121)], lane=lane)
        with transaction(engine) as session:
            session.execute(update(Record).values(received_at=Record.published_at + delay))
            [source_id] = watermarks.source_ids(session)
            counts = {"source_id": source_id, "dimension": "source", "key": "", "n": 3, "n_negative": 1, "n_neutral": 2, "n_positive": 0}
            starts = [NOW - DAY - number * BUCKET for number in range(21 * 96)]
            session.execute(insert(Rollup), [{**counts, "bucket_at": start} for start in starts])

    return bring


def test_watch_opens_a_silence_and_says_so_once(live: Any, engine: Engine) -> None:
    live()

    opened = [_watch(engine, now=NOW + minutes * MINUTE) for minutes in (20, 40, 90, 91, 120)]

    [incident] = _all(engine)
    assert opened == [0, 0, 1, 0, 0]
    assert (incident.rule, incident.metric, incident.state, incident.dimension) == ("feed-silent", "silence", "firing", "source")
    assert (incident.n, incident.observed) == (0, 0.0)
    assert incident.opened_at == NOW + 90 * MINUTE
    assert incident.last_judged_at == NOW + 120 * MINUTE
    assert incident.why
    assert _changes(engine) == ["opened"]


def test_watch_resolves_when_records_come_again(live: Any, feed: Any, engine: Engine, post: Any) -> None:
    live()
    _watch(engine, now=NOW + 2 * HOUR)
    feed.bring([post(NOW + 2 * HOUR)], prefix="again")

    _watch(engine, now=NOW + 2 * HOUR + MINUTE)

    [incident] = _all(engine)
    assert (incident.state, incident.resolved_at) == ("resolved", NOW + 2 * HOUR + MINUTE)
    assert _changes(engine) == ["opened", "resolved"]


def test_watch_tells_a_longer_silence_again_only_when_twice_as_much_is_missing(live: Any, engine: Engine) -> None:
    live()
    _watch(engine, now=NOW + 2 * HOUR)
    [first] = _all(engine)
    _watch(engine, now=NOW + 3 * HOUR)
    [same] = _all(engine)
    _watch(engine, now=NOW + 5 * HOUR)
    [later] = _all(engine)

    assert first.expected == same.expected
    assert later.expected >= 2 * first.expected
    assert later.opened_at == first.opened_at


@pytest.mark.parametrize("asked", [{"delay": 3 * HOUR}, {"delay": 900 * DAY}, {"lane": Lane.BACKFILL}])
def test_watch_leaves_streams_of_the_past_alone(live: Any, engine: Engine, asked: dict[str, Any]) -> None:
    live(**asked)

    assert _watch(engine, now=NOW + 9 * HOUR) == 0


def test_watch_says_nothing_before_it_was_here_to_see(live: Any, engine: Engine) -> None:
    live()

    assert _watch(engine, now=NOW + 9 * HOUR, up_since=NOW + 9 * HOUR - 5 * MINUTE) == 0


def test_watch_says_nothing_of_a_feed_known_for_a_day(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOW - number * 5 * MINUTE) for number in range(1, 121)])
    with transaction(engine) as session:
        session.execute(update(Record).values(received_at=Record.published_at + MINUTE))

    assert _watch(engine, now=NOW + 9 * HOUR) == 0


def test_watch_is_off_where_the_settings_say_so(live: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    live()
    monkeypatch.setenv("BELLWETHER_ALERTS__SILENT__ENABLED", "false")
    settings.cache_clear()

    assert _watch(engine, now=NOW + 9 * HOUR) == 0


def test_watch_leaves_a_source_to_the_scan_that_holds_it(live: Any, engine: Engine) -> None:
    live()
    with transaction(engine) as session:
        assert watermarks.hold_source(session, watermarks.source_ids(session)[0])

        assert _watch(engine, now=NOW + 9 * HOUR) == 0


def _watch(engine: Engine, *, now: datetime, up_since: datetime = NOW - DAY) -> int:
    with transaction(engine) as session:
        [source_id] = watermarks.source_ids(session)
        return silent.watch(session, source_id=source_id, now=now, up_since=up_since).n_opened


def _all(engine: Engine) -> list[IncidentView]:
    with transaction(engine) as session:
        return incidents.list_incidents(session)


def _changes(engine: Engine) -> list[str]:
    with transaction(engine) as session:
        return list(session.scalars(select(Notification.change).order_by(Notification.id)))


def test_no_other_rule_may_be_called_as_the_watch_for_silence_is(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(engine) as session, pytest.raises(Conflict, match="choose another name"):
        rules.add(session, "feed-silent", rule=Rule(), origin="cli", who="ana")

    monkeypatch.setenv("BELLWETHER_ALERTS__RULES", '{"feed-silent": {}}')
    settings.cache_clear()
    with pytest.raises(SettingsError, match=r"alerts\.silent"):
        settings()
