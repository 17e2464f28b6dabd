"""Say what rules would have told of stored history, as scans would have found it; nothing is stored or sent.

The judging is left to `judging`, which turns are one incident to `incidents.relation`; plain counts to `replay_counts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from db import counted
from db.history import History, read_histories
from db.parts import Part, PartView
from db.sharing import count_shared
from db.watermarks import Span, floor
from workers.alert_settings import Rule
from workers.clock import Clock, detector_rule
from workers.errors import NotFound
from workers.incidents import relation
from workers.incidents.severity import severity_of
from workers.judging import Watched, judge, reach
from workers.sentence import label, sentence
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LONGEST_SPAN = timedelta(days=7)
"""Event time judged at once: bounds memory, and lets series be left out that have too few records all the while."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """An incident that would have been told: the figures of its lead, over the time of all its parts."""

    lead: Part
    parts: tuple[Part, ...]
    source: str
    severity: str
    opened_at: datetime
    resolved_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What was found, oldest first, and in how much: `series_days` is the number of series times the days judged, by rule."""

    incidents: tuple[Replayed, ...]
    spans: Mapping[str, Span]
    series_days: Mapping[str, float]


def replay(
    session: "Session", rules: Mapping[str, Rule], *, since: datetime | timedelta, now: datetime, source: str | None = None
) -> Replay:
    """Judge every source, or one, since a time or for as long before its history ends; raise NotFound where there is no history.

    Incidents that had opened before are left out, and what lies after `now`; a backfill counts here, silences do not.
    """
    clock = Clock(settings().rollups.bucket)
    histories = read_histories(session, bucket=clock.bucket, now=now, source=source)
    if not histories:
        about = f"source {source}" if source else "any source"
        raise NotFound(f"there is no history of {about}: send records first, as `bellwether demo` does")
    found: list[Part] = []
    spans, series_days = {}, dict.fromkeys(rules, 0.0)
    for one in histories:
        span = span_of(one, since=since, clock=clock)
        if span.until <= span.after:
            continue
        spans[one.source] = span
        judged = Judging(session, one, rules=rules, clock=clock)
        found += judged.through(span)
        for name, n_series in judged.n_series.items():
            series_days[name] += n_series * ((span.until - span.after) / timedelta(days=1))
    incidents = _grouped(session, found, sources={one.source_id: one.source for one in histories})
    return Replay(tuple(one for one in incidents if one.opened_at > spans[one.source].after), spans, series_days)


def span_of(history: History, *, since: datetime | timedelta, clock: Clock) -> Span:
    """Return what is judged of a history: since a time, or for as long before its end."""
    after = history.until - since if isinstance(since, timedelta) else since
    return Span(max(floor(after, clock.bucket), history.first_at), history.until)


class Judging:
    """One source judged by some rules, a stretch at a time; `n_series` are those that each rule watched."""

    def __init__(self, session: "Session", history: History, *, rules: Mapping[str, Rule], clock: Clock) -> None:
        self.session, self.history, self.rules, self.clock = session, history, rules, clock
        self.found: dict[str, dict[tuple[str, datetime], PartView]] = {name: {} for name in rules}
        self.n_series = dict.fromkeys(rules, 0)

    def through(self, span: Span) -> list[Part]:
        """Return the parts found in `span` and just before, so that what went on when it began is known for what it is."""
        after = max(self.history.first_at, span.after - 2 * max((rule.window for rule in self.rules.values()), default=timedelta()))
        while after < span.until:
            until = min(after + LONGEST_SPAN // self.clock.bucket * self.clock.bucket, span.until)
            self._judge(Span(after, until))
            after = until
        return [part for parts in self.found.values() for part in parts.values()]

    def _judge(self, span: Span) -> None:
        reaches = [reach(rule, clock=self.clock, span=span, fitted={}) for rule in self.rules.values()]
        rows = counted.read_counted(
            self.session,
            source_id=self.history.source_id,
            dimensions={dimension for rule in self.rules.values() for dimension in rule.dimensions},
            since=min(reaches, default=span.after),
            until=span.until,
            bucket=self.clock.bucket,
        )
        if not rows.names:
            return
        source = Watched(self.history.source_id, self.history.source)
        for name, rule in self.rules.items():
            self.n_series[name] = max(self.n_series[name], sum(dimension in rule.dimensions for dimension, _ in rows.names))
            known = list(self.found[name].values())
            watched = busy_only(rows, rule=rule, span=span, clock=self.clock, known=known)
            if not watched.names:
                continue
            judged = judge(watched, rule_name=name, rule=rule, clock=self.clock, source=source, span=span, known=known, fitted={})
            self.found[name] |= {(one.fingerprint, one.opened_at): self._kept(one) for one in judged.found}

    def _kept(self, part: Part) -> PartView:
        same = {field.name: getattr(part, field.name) for field in fields(Part)}
        return PartView(**same, id=0, incident_id=0, source=self.history.source, withdrawn=False)


def busy_only(rows: counted.Counted, *, rule: Rule, span: Span, clock: Clock, known: Sequence[PartView] = ()) -> counted.Counted:
    """Leave out the series that have too few records for the rule in the whole span, which changes nothing, and takes most entities."""
    import numpy as np

    from pipelines.busy import busy_series

    detector = detector_rule(rule, clock=clock)
    busy = busy_series(rows.series, rows.bucket, rows.n, rule=detector, after=clock.number(span.after), until=clock.number(span.until))
    open_ = {(one.dimension, one.key) for one in known if one.resolved_at is None or one.resolved_at > span.after - rule.window}
    kept = np.isin(np.arange(len(rows.names)), busy) | np.array([name in open_ for name in rows.names], dtype=np.bool_)
    number = np.cumsum(kept) - 1
    chosen = kept[rows.series]
    columns = {name: getattr(rows, name)[chosen] for name in ("bucket", "n", "n_negative")}
    names = tuple(name for name, is_kept in zip(rows.names, kept, strict=True) if is_kept)
    return replace(rows, names=names, series=number[rows.series[chosen]], **columns)


def _grouped(session: "Session", found: Sequence[Part], *, sources: Mapping[int, str]) -> tuple[Replayed, ...]:
    groups = relation.group(found, regroup=settings().alerts.regroup, shared=partial(count_shared, session))
    incidents = [_incident(parts, sources=sources) for parts in groups]
    return tuple(sorted(incidents, key=lambda one: (one.opened_at, one.lead.p_value, one.lead.fingerprint)))


def _incident(parts: Sequence[Part], *, sources: Mapping[int, str]) -> Replayed:
    chosen, lead = settings().alerts, relation.lead(parts)
    others = dict.fromkeys(label(one.dimension, one.key) or sources[one.source_id] for one in parts if _name(one) != _name(lead))
    ends = [one.resolved_at for one in parts]
    return Replayed(
        lead=lead,
        parts=tuple(parts),
        source=sources[lead.source_id],
        severity=severity_of(parts, chosen=chosen),
        opened_at=min(one.opened_at for one in parts),
        resolved_at=None if None in ends else max(one for one in ends if one),
        why=sentence(lead, source=sources[lead.source_id], others=list(others)),
    )


def _name(part: Part) -> tuple[int, str, str]:
    return part.source_id, part.dimension, part.key
