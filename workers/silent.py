"""Watch live feeds for silence, by the wall clock; the likelihood is left to `pipelines.silence`, the incident to `workers.incidents`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from db import counted, parts, watermarks
from db.parts import Part
from workers import incidents
from workers.alert_settings import FEED_SILENT
from workers.clock import Clock
from workers.settings import settings
from workers.turns import LEAST_P, counts_of, fingerprint, rule_hash

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.watermarks import Arrivals, Held
    from pipelines.silence import Silence

RULE, METRIC = FEED_SILENT, "silence"

SEASON, BASELINE = timedelta(days=28), timedelta(days=7)
"""The past that the shape of weeks, and the height, of a feed are learnt from."""

_UP_SINCE = datetime.now(UTC)
"""Nobody knows whether a feed brought nothing while nobody was here to take it."""


def watch(session: "Session", *, source_id: int, now: datetime, up_since: datetime = _UP_SINCE) -> incidents.Recorded:
    """Open, keep or resolve the silence of one source; nothing where another scan is at it, or its records are of the past."""
    if not settings().alerts.silent.enabled:
        return incidents.Recorded()
    held = watermarks.hold_source(session, source_id)
    arrivals = held and watermarks.read_arrivals(session, source_id, now=now)
    if not held or not arrivals:
        return incidents.Recorded()
    known = parts.read_parts(session, source_id=source_id, rule=RULE, since=now)
    lasting = next((one for one in known if one.resolved_at is None), None)
    if lasting is None:
        found = _opened(session, held, arrivals, now=now, up_since=up_since)
    elif arrivals.newest_at > lasting.window_from:
        found = _plain(lasting, last_judged_at=now, resolved_at=now)
    else:
        found = _lasting(session, held, arrivals, lasting=lasting, now=now)
    return incidents.record(session, held=held, found=[found] if found else [], withdrawn=[], judged_before=None, now=now)


def _opened(session: "Session", held: "Held", arrivals: "Arrivals", *, now: datetime, up_since: datetime) -> Part | None:
    """Return the silence that is worth an incident now."""
    chosen = settings().alerts.silent
    due = now - arrivals.delay
    if arrivals.delay > chosen.slowest or due - arrivals.newest_at < chosen.least or now - up_since < chosen.least:
        return None
    silence = _judged(session, held, start=arrivals.newest_at, end=due)
    if not silence or silence.expected < chosen.min_expected or silence.a_day > chosen.false_silences / 1000:
        return None
    return _part(held, silence, arrivals=arrivals, now=now)


def _lasting(session: "Session", held: "Held", arrivals: "Arrivals", *, lasting: parts.PartView, now: datetime) -> Part:
    """Return a silence that goes on, its figures renewed each time that twice as much is missing."""
    silence = _judged(session, held, start=arrivals.newest_at, end=now - arrivals.delay)
    if not silence or silence.expected < 2 * lasting.expected:
        return _plain(lasting, last_judged_at=now)
    return replace(_part(held, silence, arrivals=arrivals, now=now), opened_at=lasting.opened_at)


def _judged(session: "Session", held: "Held", *, start: datetime, end: datetime) -> "Silence | None":
    from pipelines.rhythm import Rhythm
    from pipelines.silence import judge_silence

    clock = Clock(settings().rollups.bucket)
    since = start - SEASON - timedelta(days=1)
    rows = counted.read_counted(session, source_id=held.id, dimensions=["source"], since=since, until=end, bucket=clock.bucket)
    if len(rows.names) != 1:
        return None
    return judge_silence(
        counts_of(rows, names=rows.names),
        start=clock.number(start) + 1,
        end=clock.number(end),
        season=clock.length(SEASON),
        baseline=clock.length(BASELINE),
        rhythm=Rhythm(timedelta(days=1) / clock.bucket),
    )


def _part(held: "Held", silence: "Silence", *, arrivals: "Arrivals", now: datetime) -> Part:
    clock = Clock(settings().rollups.bucket)
    p_value = min(max(silence.a_day, LEAST_P), 1.0)
    times = {"at": now, "start": arrivals.newest_at, "baseline_from": clock.time(silence.baseline_from)}
    figures = {"n": 0, "n_negative": 0, "observed": 0.0, "expected": silence.expected, "p_value": p_value}
    return Part(
        fingerprint=fingerprint(rule=RULE, source=held.name, name=("source", "")),
        rule=RULE,
        rule_hash=rule_hash(settings().alerts.silent),
        source_id=held.id,
        dimension="source",
        key="",
        metric=METRIC,
        opened_at=now,
        window_from=arrivals.newest_at,
        peak_at=now,
        last_judged_at=now,
        resolved_at=None,
        observed=0.0,
        expected=silence.expected,
        p_value=p_value,
        n=0,
        n_negative=0,
        peak={**{name: at.isoformat() for name, at in times.items()}, **figures, "p_adjusted": p_value, "n_judged": 1},
    )


def _plain(stored: parts.PartView, **changes: datetime) -> Part:
    """Return a stored part as the scan would find it."""
    return Part(**{name: getattr(stored, name) for name in Part.__dataclass_fields__} | changes)
