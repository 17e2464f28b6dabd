"""The scan: every source judged up to its watermark, what was found recorded, open incidents looked after.

The judging is left to `workers.judging`, feeds that fall silent to `workers.silent`, what becomes of a turn to
`workers.incidents`, the telling to `workers.telling`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from db import baselines, counted, parts, rollups, watermarks
from db.engine import settled, transaction
from workers import incidents, silent
from workers.alert_settings import Rule
from workers.clock import Clock
from workers.faults import describe
from workers.fits import fits_of
from workers.judging import Watched, grid_points, judge, reach
from workers.lanes import without_backfill
from workers.rules import save_in_force
from workers.settings import settings
from workers.telling import deliver

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

__all__ = ["ScanSummary", "deliver", "scan"]

_log = structlog.get_logger("bellwether.alerts")

LONGEST_SPAN = timedelta(days=7)
"""Event time judged in one transaction: bounds memory while a long stream is replayed."""

KEPT = timedelta(days=1)
"""How much longer baselines are kept than the oldest late record needs them."""


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What one scan did."""

    n_sources: int = 0
    n_buckets: int = 0
    n_opened: int = 0
    n_updated: int = 0
    n_resolved: int = 0

    def __add__(self, other: "ScanSummary") -> "ScanSummary":
        return ScanSummary(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def scan(engine: "Engine", *, now: datetime | None = None) -> ScanSummary:
    """Judge every source up to its watermark; two scans at once, or one that dies, are harmless.

    A source that can't be judged keeps no other from it; the first error is raised once all had their turn. `now` is the wall
    clock, for tests: it decides whether a stream has ended or a feed is silent, and which silences are in force.
    """
    with transaction(engine) as session:
        rules = save_in_force(session)
        sources = watermarks.source_ids(session)
    total, errors = ScanSummary(), []
    for source_id in sources:
        try:
            total += _scan_source(engine, source_id, rules=rules, now=now)
        except Exception as error:  # noqa: BLE001  # raised below
            _log.warning("a source could not be judged", source=source_id, error=describe(error))
            errors.append(error)
    names = [*rules, silent.RULE] if settings().alerts.silent.enabled else list(rules)
    settled(engine, lambda session: incidents.tend(session, rules=names, now=now or datetime.now(UTC)))
    if total.n_opened or total.n_resolved:
        _log.info("scanned", **asdict(total))
    if errors:
        raise errors[0]
    return total


def _scan_source(engine: "Engine", source_id: int, *, rules: Mapping[str, Rule], now: datetime | None) -> ScanSummary:
    """Judge one source, each span in a transaction of its own, then ask whether it fell silent."""
    total = ScanSummary()
    judging = partial(_judge_span, source_id=source_id, rules=rules)
    while done := settled(engine, partial(judging, now=now or datetime.now(UTC))):
        total += done
    watching = partial(silent.watch, source_id=source_id)
    return total + _summed(settled(engine, partial(watching, now=now or datetime.now(UTC))))


def _judge_span(session: "Session", *, source_id: int, rules: Mapping[str, Rule], now: datetime) -> ScanSummary | None:
    """Judge the next span of one source; None if there is nothing to judge, or another scan is at it."""
    chosen, clock = settings().alerts, Clock(settings().rollups.bucket)
    held = watermarks.hold_source(session, source_id)
    span = held and watermarks.span_to_judge(
        session, held, bucket=clock.bucket, lateness=chosen.lateness, idle=chosen.idle, rejudges=chosen.rejudges, now=now
    )
    if not held or not span:
        return None
    if held.rejudge_from:
        baselines.drop_baselines(session, source_id=held.id, after=held.rejudge_from)
    until = max(min(span.until, span.after + LONGEST_SPAN), held.scanned_until or span.after)
    if (later := _goes_on(session, held, rules=rules, span=span)) > until:
        until, done = later, incidents.Recorded()
    else:
        done = _judge(session, held, rules=rules, clock=clock, span=replace(span, until=until), now=now)
    watermarks.advance(session, held, until=until)
    baselines.drop_baselines(session, source_id=held.id, before=until - chosen.rejudges - KEPT)
    return ScanSummary(1, (until - span.after) // clock.bucket) + _summed(done)


def _goes_on(session: "Session", held: watermarks.Held, *, rules: Mapping[str, Rule], span: watermarks.Span) -> datetime:
    """Return the time in the span before which there is nothing to judge: decades without records lie behind one wrong date."""
    since = span.after - max((rule.window for rule in rules.values()), default=timedelta())
    if any(parts.read_parts(session, source_id=held.id, rule=name, since=span.until) for name in rules):
        return span.after
    return min(rollups.first_bucket_at(session, source_id=held.id, since=since) or span.until, span.until)


def _judge(
    session: "Session", held: watermarks.Held, *, rules: Mapping[str, Rule], clock: Clock, span: watermarks.Span, now: datetime
) -> incidents.Recorded:
    """Judge a span by every rule and record what was found."""
    rows = counted.read_counted(
        session,
        source_id=held.id,
        dimensions={dimension for rule in rules.values() for dimension in rule.dimensions},
        since=min((_window_before(span, rule=rule, clock=clock) for rule in rules.values()), default=span.until),
        until=span.until,
        bucket=clock.bucket,
    )
    known = {name: parts.read_parts(session, source_id=held.id, rule=name, since=span.after - rule.window) for name, rule in rules.items()}
    fits = fits_of(session, rules, rows=rows, known=known, source_id=held.id, clock=clock, span=span)
    judged = []
    for name, rule in rules.items():
        source, own, fitted = Watched(held.id, held.name), known[name], fits[name]
        found = judge(rows, rule_name=name, rule=rule, clock=clock, source=source, span=span, known=own, fitted=fitted)
        judged.append(without_backfill(session, found, rule=rule, known=own, clock=clock, span=span, fitted=fitted))
    return incidents.record(
        session,
        held=held,
        found=[part for one in judged for part in one.found],
        withdrawn=[part for one in judged for part in one.withdrawn],
        judged_before=held.scanned_until,
        now=now,
    )


def _window_before(span: watermarks.Span, *, rule: Rule, clock: Clock) -> datetime:
    """Return since when rows are needed where every baseline is at hand."""
    return reach(rule, clock=clock, span=span, fitted=grid_points(rule, clock=clock, span=span))


def _summed(done: incidents.Recorded) -> ScanSummary:
    return ScanSummary(n_opened=done.n_opened, n_updated=done.n_updated, n_resolved=done.n_resolved)
