"""The scan: rollups to turns to incidents and the outbox; the judging is left to `pipelines.spikes`, the telling to `workers.telling`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from db import incidents, outbox, rollups, watermarks
from db.engine import transaction
from db.evidence import Series
from db.incidents import Finding, IncidentView
from workers import evidence
from workers.alert_settings import Rule
from workers.settings import settings
from workers.telling import deliver
from workers.turns import Clock, counts_of, detector_rule, finding_of, fingerprint, peak_of, rule_hash, turn_of

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from pipelines.spikes import Turn

__all__ = ["ScanSummary", "deliver", "scan"]

_log = structlog.get_logger("bellwether.alerts")

LONGEST_SPAN = timedelta(days=60)
"""Event time judged in one transaction: bounds memory while a long stream is replayed."""


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

    `now` is the wall clock, for tests: it decides whether a stream has ended, and which silences are in force.
    """
    rules = settings().alerts.rules
    with transaction(engine) as session:
        incidents.save_rules(session, {name: (rule.model_dump(mode="json"), rule_hash(rule)) for name, rule in rules.items()})
        sources = watermarks.source_ids(session)
    total = ScanSummary()
    for source_id in sources:
        while done := _scan_source(engine, source_id, now=now or datetime.now(UTC)):
            total += done
    if total.n_opened or total.n_resolved:
        _log.info("scanned", **asdict(total))
    return total


def _scan_source(engine: "Engine", source_id: int, *, now: datetime) -> ScanSummary | None:
    """Judge the next span of one source in one transaction; None if there is nothing to judge, or another scan is at it."""
    chosen, bucket = settings().alerts, settings().rollups.bucket
    with transaction(engine) as session:
        held = watermarks.hold_source(session, source_id)
        span = held and watermarks.span_to_judge(session, held, bucket=bucket, lateness=chosen.lateness, idle=chosen.idle, now=now)
        if not held or not span:
            return None
        span = replace(span, until=min(span.until, span.after + LONGEST_SPAN // bucket * bucket))
        judge = _Judge(session, held, span=span, now=now)
        done = sum((judge.apply(name, rule) for name, rule in chosen.rules.items()), ScanSummary())
        watermarks.advance(session, held, until=span.until)
    return done + ScanSummary(n_sources=1, n_buckets=(span.until - span.after) // bucket)


class _Judge:
    """One span of one source, judged by any number of rules inside one transaction."""

    def __init__(self, session: "Session", held: watermarks.Held, *, span: watermarks.Span, now: datetime) -> None:
        self.session, self.held, self.span, self.now = session, held, span, now
        self.clock = Clock(settings().rollups.bucket)
        rules = settings().alerts.rules.values()
        since = span.after - max((rule.window + rule.baseline for rule in rules), default=timedelta())
        dimensions = sorted({dimension for rule in rules for dimension in rule.dimensions})
        self.rows = rollups.read_buckets(session, source_id=held.id, dimensions=dimensions, since=since, until=span.until)
        self.first_at = rollups.first_bucket_at(session, source_id=held.id) or span.after

    def apply(self, name: str, rule: Rule) -> ScanSummary:
        """Find the turns of one rule and store what became of them."""
        from pipelines.spikes import find_turns

        since = self.span.after - rule.window - rule.baseline
        known = incidents.read_lasting(self.session, source_id=self.held.id, rule=name, since=since)
        watched = {(row.dimension, row.key) for row in self.rows if row.dimension in rule.dimensions}
        names = sorted(watched | {(one.dimension, one.key) for one in known})
        turns = find_turns(
            counts_of(self.rows, names=names, clock=self.clock),
            rule=detector_rule(rule, clock=self.clock),
            first_bucket=self.clock.number(self.first_at),
            after=self.clock.number(self.span.after),
            until=self.clock.number(self.span.until),
            turns=[turn_of(one, names=names, clock=self.clock) for one in known],
        )
        stored = {(one.fingerprint, one.opened_at): one for one in known}
        return sum((self._store(turn, name=name, rule=rule, series=names[turn.series], stored=stored) for turn in turns), ScanSummary())

    def _store(
        self,
        turn: "Turn",
        *,
        name: str,
        rule: Rule,
        series: tuple[str, str],
        stored: Mapping[tuple[str, datetime], IncidentView],
    ) -> ScanSummary:
        """Open or update a turn's incident, with its evidence and its notifications."""
        base = {
            "fingerprint": fingerprint(rule=name, source=self.held.name, name=series),
            "rule": name,
            "rule_hash": rule_hash(rule),
            "source_id": self.held.id,
            "dimension": series[0],
            "key": series[1],
            "metric": rule.metric,
        }
        finding = finding_of(turn, base=base, clock=self.clock)
        old = stored.get((finding.fingerprint, finding.opened_at))
        if old and old.evidence["peak"] == finding.evidence["peak"]:
            finding = replace(finding, why=old.why, evidence=old.evidence)
        else:
            finding = self._explained(finding, peak=peak_of(turn, rule=rule, clock=self.clock))
        incident_id = old.id if old else incidents.open_incident(self.session, finding)
        if old:
            incidents.update_incident(self.session, old.id, finding=finding)
        return self._tell(incident_id, finding, old=old)

    def _explained(self, finding: Finding, *, peak: evidence.Peak) -> Finding:
        series = Series(self.held.id, finding.dimension, finding.key)
        gathered = evidence.gather(self.session, peak, series=series)
        why = evidence.sentence(peak, source=self.held.name, dimension=finding.dimension, key=finding.key)
        return replace(finding, why=why, evidence={**finding.evidence, **gathered})

    def _tell(self, incident_id: int, finding: Finding, *, old: IncidentView | None) -> ScanSummary:
        """Note what changed, and queue it for every notifier unless the series is silenced."""
        if old and finding.peak_at != old.peak_at:
            incidents.add_event(self.session, incident_id, who="scan", what="updated", detail={"why": finding.why})
        if finding.resolved_at:
            detail = {"at": finding.resolved_at.isoformat()}
            incidents.add_event(self.session, incident_id, who="scan", what="resolved", detail=detail)
        changes = [*(["opened"] if old is None else []), *(["resolved"] if finding.resolved_at else [])]
        labels = {"source": self.held.name, "dimension": finding.dimension, "key": finding.key, "rule": finding.rule}
        if changes and incidents.is_silenced(self.session, labels=labels, now=self.now):
            incidents.add_event(self.session, incident_id, who="scan", what="silenced", detail={"changes": changes})
            changes = []
        for change in changes:
            outbox.queue_notifications(self.session, incident_id, change=change, notifiers=settings().alerts.notifiers)
        return ScanSummary(n_opened=int(old is None), n_updated=int(old is not None), n_resolved=int(finding.resolved_at is not None))
