"""Judge one source's counts by one rule, as the scan and a replay do alike; reading and storing are left to those."""

from collections.abc import Container, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from db.parts import Part, PartView
from db.watermarks import Span
from workers.alert_settings import Rule
from workers.clock import Clock, detector_rule
from workers.turns import Name, counts_of, fingerprint, part_of, rule_hash, turn_of

if TYPE_CHECKING:
    from db.counted import Counted
    from pipelines.baselines import Baselines
    from pipelines.counts import Integers


@dataclass(frozen=True, slots=True)
class Watched:
    """A source as rules judge it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the past of each series makes likely, fitted at one moment; `names` are the rows of `baselines`."""

    names: tuple[Name, ...]
    baselines: "Baselines"

    def rows_of(self, names: Sequence[Name]) -> "Baselines":
        """Return the baselines of `names`, in that order; a series that had no past has none."""
        import numpy as np

        position = {name: index for index, name in enumerate(self.names)}
        positions: Integers = np.array([position.get(name, -1) for name in names], dtype=np.int64)
        return self.baselines.take(positions)


Fits = MutableMapping[int, Fitted]
"""Baselines of one rule by the number of the bucket at which they were fitted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The turns that are new or have changed, and those known before that the counts no longer bear out as they stand."""

    found: list[Part]
    withdrawn: list[PartView]


def judge(
    rows: "Counted", *, rule_name: str, rule: Rule, clock: Clock, source: Watched, span: Span, known: Sequence[PartView], fitted: Fits
) -> Judged:
    """Judge every bucket end of `span`; missing baselines are fitted from `rows` and put into `fitted`.

    `known` are the stored turns of this rule and source that are open or resolved no longer than a window before `span.after`;
    `rows` must reach back as far as `reach` says. Pure: the same rows, rule and known turns give the same answer.
    """
    from pipelines.spikes import find_turns

    points = grid_points(rule, clock=clock, span=span)
    names = _names(rows, rule, known=known, fitted=[fitted[at] for at in points if at in fitted], n_points=len(points))
    position = {name: index for index, name in enumerate(names)}
    baselines = {at: fitted[at].rows_of(names) for at in points if at in fitted}
    turns = find_turns(
        counts_of(rows, names=names),
        rule=detector_rule(rule, clock=clock),
        after=clock.number(span.after),
        until=clock.number(span.until),
        turns=[turn_of(one, position=position, clock=clock) for one in known if one.opened_at <= span.after],
        fitted=baselines,
    )
    fitted.update({at: Fitted(names, baselines[at]) for at in baselines.keys() - fitted.keys()})
    base = {"rule": rule_name, "rule_hash": rule_hash(rule), "source_id": source.id, "metric": rule.metric}
    found = []
    for turn in turns:
        name = names[turn.series]
        own = {"fingerprint": fingerprint(rule=rule_name, source=source.name, name=name), "dimension": name[0], "key": name[1]}
        found.append(part_of(turn, base=base | own, clock=clock))
    return _compared(found, known=known, after=span.after)


def _names(rows: "Counted", rule: Rule, *, known: Sequence[PartView], fitted: Sequence[Fitted], n_points: int) -> tuple[Name, ...]:
    """Return the series to judge, in order: those that have baselines, if all were fitted before, else all that the rule watches."""
    names = {name for name in rows.names if name[0] in rule.dimensions}
    if len(fitted) == n_points:
        names &= {name for one in fitted for name in one.names}
    return tuple(sorted(names | {(one.dimension, one.key) for one in known}))


def grid_points(rule: Rule, *, clock: Clock, span: Span) -> list[int]:
    """Return the buckets at which the baselines are fitted that judge a span."""
    from pipelines.spikes import grid_point, refit_every

    detector = detector_rule(rule, clock=clock)
    first = grid_point(clock.number(span.after) + 1, detector)
    return list(range(first, clock.number(span.until), refit_every(detector)))


def reach(rule: Rule, *, clock: Clock, span: Span, fitted: Container[int]) -> datetime:
    """Return since when `judge` needs rows: a window, or a season before each of the baselines that `fitted` lacks."""
    from pipelines.spikes import reaches_back

    detector = detector_rule(rule, clock=clock)
    points = grid_points(rule, clock=clock, span=span)
    return min((clock.time(reaches_back(detector, grid=at, is_fitted=at in fitted)) for at in points), default=span.after)


def _compared(found: Sequence[Part], *, known: Sequence[PartView], after: datetime) -> Judged:
    """Leave out what stands as it stood; what opened in the span and was not found there again is withdrawn."""
    there = {(one.fingerprint, one.opened_at): one for one in known}
    again = {(one.fingerprint, one.opened_at) for one in found}
    changed = [one for one in found if not (old := there.get((one.fingerprint, one.opened_at))) or _differs(one, old)]
    return Judged(changed, [one for key, one in there.items() if one.opened_at > after and key not in again])


def _differs(part: Part, stored: Part) -> bool:
    """Compare what the detector said; the columns of the stored one have single precision."""
    names = ("rule_hash", "last_judged_at", "resolved_at", "peak")
    return any(getattr(part, name) != getattr(stored, name) for name in names)
