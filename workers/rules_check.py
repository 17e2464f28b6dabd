"""Say of rules whether they could have fired, or would always have fired, on the history there is; the judging is left to `replay`.

A rule that found nothing is put to a drill: the busiest stretch of the largest series turns as far as anything can, and a rule
that does not see even that will never see anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from db.counted import Counted, read_counted
from db.history import History, read_histories
from db.parts import Part
from db.watermarks import Span
from workers.alert_settings import Rule
from workers.clock import EPOCH, Clock
from workers.judging import Watched, judge, reach
from workers.replay import Judging, busy_only, span_of
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PERIOD = timedelta(days=30)

N_DRILLED = 20
"""Series of a source that turn in a drill, the largest: what a rule can't see in those it sees nowhere."""

SWELLS, WORST = 10, 0.95
"""Times the usual number of records that a drill makes of a count, and the share of negatives: no topic is ever worse."""

LEAST_DAYS, MOST_DAYS = 3.0, 0.9
"""Days of history below which nothing always fires, and the share of days on which what always fires does."""

MOST_TURNS, MOST_TIME = 0.05, 0.25
"""Turns a day and series, or share of the time that a series turns, from which a rule that fires daily is noise."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a rule did on the history there is: `n_turns` in `series_days`; `why` says what is wrong and how to mend it."""

    name: str
    verdict: Literal["ok", "never fires", "always fires", "no history"]
    n_turns: int
    series_days: float
    why: str = ""

    @property
    def refused(self) -> bool:
        """Whether nobody should judge by this rule."""
        return self.verdict in {"never fires", "always fires"}


def check_rules(
    session: "Session", rules: Mapping[str, Rule], *, now: datetime, since: datetime | timedelta = PERIOD, source: str | None = None
) -> list[Checked]:
    """Return what each rule did on the last 30 days of every source's history, or since another time; nothing is stored."""
    clock = Clock(settings().rollups.bucket)
    histories = read_histories(session, bucket=clock.bucket, now=now, source=source)
    spans = [(one, span) for one in histories if (span := span_of(one, since=since, clock=clock)).until > span.after]
    if not spans:
        return [Checked(name, "no history", 0, 0.0, "no records to check against yet; check it again in some weeks") for name in rules]
    judged = [(Judging(session, one, rules=rules, clock=clock), span) for one, span in spans]
    for one, span in judged:
        one.through(span)
    return [_checked(session, name, rule, judged=judged, clock=clock) for name, rule in rules.items()]


def _checked(session: "Session", name: str, rule: Rule, *, judged: Sequence[tuple[Judging, Span]], clock: Clock) -> Checked:
    turns = [part for one, span in judged for part in one.found[name].values() if _end(part) > span.after]
    series_days = sum(one.n_series[name] * ((span.until - span.after) / timedelta(days=1)) for one, span in judged)
    told, n_days = Checked(name, "ok", len(turns), series_days), _n_days(rule, judged=judged)
    if turns:
        complaint = _storm(turns, rule=rule, series_days=series_days, n_days=n_days)
        return replace(told, verdict="always fires", why=complaint) if complaint else told
    if n_days < 1:
        return replace(told, verdict="no history", why="history is too short to judge by yet; check it again in some weeks")
    if any(_sees_a_drill(session, name, rule, history=one.history, span=span, clock=clock) for one, span in judged):
        return told
    return replace(told, verdict="never fires", why=_deafness(session, rule, judged=judged, clock=clock))


def _storm(turns: Sequence[Part], *, rule: Rule, series_days: float, n_days: float) -> str:
    """Say that a rule fires almost daily in too much of what it watches; "" where it does not."""
    daily = {day for part in turns for day in _days(part)}
    share = sum((_end(part) - part.opened_at) / timedelta(days=1) for part in turns) / max(series_days, 1e-9)
    rate = len(turns) / max(series_days, 1e-9)
    is_daily = n_days >= LEAST_DAYS and len(daily) >= MOST_DAYS * n_days
    if not is_daily or (rate < MOST_TURNS and share < MOST_TIME):
        return ""
    found = f"{len(turns)} turns on {len(daily)} of {n_days:.0f} days, {rate * 1000:.0f} in 1,000 series-days"
    bounds = f"min_ratio (now {rule.min_ratio:g}) or min_records (now {rule.min_records})"
    return f"{found}: raise {bounds}, or lower false_incidents (now {rule.false_incidents:g})"


def _n_days(rule: Rule, *, judged: Sequence[tuple[Judging, Span]]) -> float:
    """Return the days on which a rule could fire."""
    unjudged = _unjudged(rule)
    firsts = [(max(span.after, one.history.first_at + unjudged), span.until) for one, span in judged]
    return max((until - first) / timedelta(days=1) for first, until in firsts)


def _unjudged(rule: Rule) -> timedelta:
    """Return how long a series must be known before it is judged."""
    from pipelines.windows import LEAST_DAYS as UNJUDGED

    return min(timedelta(days=UNJUDGED), rule.season)


def _days(part: Part) -> Iterator[int]:
    day = timedelta(days=1)
    return iter(range((part.opened_at - EPOCH) // day, (_end(part) - EPOCH) // day + 1))


def _end(part: Part) -> datetime:
    return part.resolved_at or part.last_judged_at


def _sees_a_drill(session: "Session", name: str, rule: Rule, *, history: History, span: Span, clock: Clock) -> bool:
    """Tell whether the rule finds a turn where the busiest stretches of the largest series are made as bad as can be."""
    rows = _rows(session, rule, history=history, span=span, clock=clock)
    if not rows.names:
        return False
    since = max(span.after + (span.until - span.after) / 4, history.first_at + _unjudged(rule))  # a young series has no past
    turned = _turned(rows, rule=rule, since=since, until=span.until, clock=clock)
    turned = busy_only(turned, rule=rule, span=span, clock=clock)
    if not turned.names:
        return False
    source = Watched(history.source_id, history.source)
    return bool(judge(turned, rule_name=name, rule=rule, clock=clock, source=source, span=span, known=[], fitted={}).found)


def _rows(session: "Session", rule: Rule, *, history: History, span: Span, clock: Clock) -> Counted:
    since = reach(rule, clock=clock, span=span, fitted={})
    return read_counted(
        session, source_id=history.source_id, dimensions=rule.dimensions, since=since, until=span.until, bucket=clock.bucket
    )


def _turned(rows: Counted, *, rule: Rule, since: datetime, until: datetime, clock: Clock) -> Counted:
    """Return the counts with a stretch of each of the largest series turned: nearly all negative, and of a count many times as many."""
    import numpy as np

    length = clock.length(rule.window)
    stretch = (rows.bucket - clock.number(until)) // length
    judged = rows.bucket >= clock.number(since)
    size = np.bincount(rows.series[judged], weights=rows.n[judged], minlength=len(rows.names))
    turned = np.zeros(len(rows.n), dtype=np.bool_)
    for series in np.argsort(-size, kind="stable")[:N_DRILLED]:
        own = judged & (rows.series == series)
        if own.any():
            places, position = np.unique(stretch[own], return_inverse=True)
            busiest = places[np.bincount(position, weights=rows.n[own]).argmax()]
            turned |= own & (stretch == busiest)
    n = np.where(turned & (rule.metric != "share"), rows.n * SWELLS, rows.n)
    return replace(rows, n=n, n_negative=np.where(turned, (n * WORST).astype(np.int64), rows.n_negative))


def _deafness(session: "Session", rule: Rule, *, judged: Sequence[tuple[Judging, Span]], clock: Clock) -> str:
    """Say why a rule sees nothing, and what to change."""
    import numpy as np

    n_series, most = 0, 0
    for one, span in judged:
        rows = _rows(session, rule, history=one.history, span=span, clock=clock)
        n_series += len(rows.names)
        if rows.names:
            cell = rows.series * (1 << 32) + (rows.bucket - clock.number(span.until)) // clock.length(rule.window)
            most = max(most, int(np.bincount(np.unique(cell, return_inverse=True)[1], weights=rows.n).max()))
    if not n_series:
        return f"there is no series of {' or '.join(rule.dimensions)}: name other dimensions, or records' sources lack them"
    if most < rule.min_records:
        return f"the busiest window holds {most} records, min_records is {rule.min_records}: lower it, or lengthen the window"
    worst = f"{WORST:.0%} negatives" if rule.metric == "share" else f"{SWELLS} times the usual"
    return (
        f"even windows of {worst} open nothing: lower min_ratio (now {rule.min_ratio:g}), min_negatives (now {rule.min_negatives})"
        f" or min_baseline_records (now {rule.min_baseline_records}), or raise false_incidents (now {rule.false_incidents:g})"
    )
