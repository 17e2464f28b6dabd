"""Have the baselines at hand that judge a span: those kept, and those fitted now, which are kept too; judging is left to `judging`.

Only series that could turn are fitted: the many that bring less than a rule asks for are never judged, with a baseline or without.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db import baselines
from db.counted import Counted, read_counted_parts
from db.parts import PartView
from db.watermarks import Span
from workers.alert_settings import Rule
from workers.clock import Clock, detector_rule
from workers.judging import Fits, Fitted, grid_points
from workers.turns import Name, counts_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SERIES_AT_ONCE = 2_000
"""Series fitted at a time: weeks of their buckets are in memory together."""

WORTH_KEEPING = 0.02
"""Share of the series of a moment from which newcomers among them are kept; fewer are fitted again sooner than all are written."""

_LENGTH_BYTES = 4
_NOBODY = (("", ""),)

Wanted = Mapping[int, set[Name]]
"""The series that need a baseline, by the number of the bucket at which it is fitted."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One rule's baselines of one source: which are wanted, and where they are kept."""

    rule: Rule
    wanted: Wanted
    fits: Fits

    @property
    def missing(self) -> Wanted:
        """The wanted series that have no baseline yet."""
        held = {at: set(one.names) for at, one in self.fits.items()}
        lacking = {at: names - held.get(at, set()) for at, names in self.wanted.items()}
        return {at: names for at, names in lacking.items() if names}


def fits_of(
    session: "Session",
    rules: Mapping[str, Rule],
    *,
    rows: Counted,
    known: Mapping[str, Sequence[PartView]],
    source_id: int,
    clock: Clock,
    span: Span,
) -> dict[str, Fits]:
    """Return, rule by rule, all baselines that judge `span`; what had to be fitted is kept, in the caller's transaction.

    `rows` are the source's, a window back from the span; `known` the parts that may be open in it.
    """
    shelves = {}
    for name, rule in rules.items():
        wanted = _wanted(rows, rule, known=known[name], clock=clock, span=span)
        shelves[name] = Shelf(rule, wanted, _kept(session, rule, source_id=source_id, clock=clock, points=list(wanted)))
    for name, fitted in _fitted(session, shelves, source_id=source_id, clock=clock).items():
        shelf = shelves[name]
        kept = {at: _joined([shelf.fits[at], one]) if at in shelf.fits else one for at, one in fitted.items()}
        worth = {at for at, one in fitted.items() if len(one.names) >= WORTH_KEEPING * len(kept[at].names)}
        shelf.fits.update(kept)
        payloads = {clock.time(at): pack(kept[at]) for at in worth}
        baselines.save_baselines(session, payloads, source_id=source_id, rule_hash=fit_hash(rules[name], clock=clock))
    return {name: _filled(shelf, clock=clock) for name, shelf in shelves.items()}


def fit_hash(rule: Rule, *, clock: Clock) -> str:
    """Name what a rule's baselines depend on in 12 hexadecimal digits: other bounds need no other baselines."""
    told = rule.model_dump_json(include={"metric", "window", "baseline", "season", "dimensions"})
    return hashlib.sha256(f"{clock.bucket} {told}".encode()).hexdigest()[:12]


def pack(fitted: Fitted) -> bytes:
    """Return baselines with the names of their rows, as stored."""
    names = zlib.compress(json.dumps(fitted.names).encode(), level=1)
    return len(names).to_bytes(_LENGTH_BYTES) + names + fitted.baselines.to_bytes()


def unpack(stored: bytes) -> Fitted | None:
    """Read what `pack` returned; None where another version of the detector fitted other figures."""
    from pipelines.baselines import Baselines

    end = _LENGTH_BYTES + int.from_bytes(stored[:_LENGTH_BYTES])
    names = tuple((dimension, key) for dimension, key in json.loads(zlib.decompress(stored[_LENGTH_BYTES:end])))
    try:
        return Fitted(names, Baselines.from_bytes(stored[end:]))
    except (KeyError, TypeError):
        return None


def _wanted(rows: Counted, rule: Rule, *, known: Sequence[PartView], clock: Clock, span: Span) -> dict[int, set[Name]]:
    """Return what needs a baseline at each grid point: what has records enough to be judged, or had, or is open."""
    import numpy as np

    points = grid_points(rule, clock=clock, span=span)
    open_ones = {(one.dimension, one.key) for one in known if one.resolved_at is None or one.resolved_at > span.after}
    of_rule = np.array([name[0] in rule.dimensions for name in rows.names], dtype=np.bool_)
    enough = np.zeros(len(rows.names), dtype=np.bool_)
    wanted = {}
    for at, end in zip(points, [*points[1:], clock.number(span.until)], strict=True):
        inside = (rows.bucket >= at - clock.length(rule.window)) & (rows.bucket < end)
        enough |= np.bincount(rows.series[inside], weights=rows.n[inside], minlength=len(rows.names)) >= rule.min_records
        wanted[at] = open_ones | {rows.names[index] for index in np.flatnonzero(enough & of_rule)}
    return wanted


def _kept(session: "Session", rule: Rule, *, source_id: int, clock: Clock, points: Sequence[int]) -> dict[int, Fitted]:
    if not points:
        return {}
    span = {"since": clock.time(points[0]), "until": clock.time(points[-1] + 1)}
    found = baselines.read_baselines(session, source_id=source_id, rule_hash=fit_hash(rule, clock=clock), **span)
    return {clock.number(at): fitted for at, payload in found.items() if (fitted := unpack(payload))}


def _fitted(session: "Session", shelves: Mapping[str, Shelf], *, source_id: int, clock: Clock) -> dict[str, dict[int, Fitted]]:
    """Fit what is missing, all rules in one reading of the rollups."""
    missing = {name: lacking for name, shelf in shelves.items() if (lacking := shelf.missing)}
    parts: dict[str, dict[int, list[Fitted]]] = {name: {at: [] for at in lacking} for name, lacking in missing.items()}
    for rows in _rows(
        session, {name: (shelves[name].rule, lacking) for name, lacking in missing.items()}, source_id=source_id, clock=clock
    ):
        for name, lacking in missing.items():
            for at, wanted in lacking.items():
                if names := tuple(one for one in rows.names if one in wanted):
                    parts[name][at].append(_fit(rows, shelves[name].rule, names=names, at=at, clock=clock))
    for name, lacking in missing.items():  # those without a past, so that nobody looks for it again
        for at, wanted in lacking.items():
            if nobody := tuple(sorted(wanted - {one for part in parts[name][at] for one in part.names})):
                parts[name][at].append(_fit(Counted.of_nothing(), shelves[name].rule, names=nobody, at=at, clock=clock))
    return {name: {at: _joined(some) for at, some in fitted.items()} for name, fitted in parts.items()}


def _rows(session: "Session", missing: Mapping[str, tuple[Rule, Wanted]], *, source_id: int, clock: Clock) -> Iterator[Counted]:
    """Read the season before everything that is missing: of the series in question, or of all where those are many."""
    from pipelines.spikes import reaches_back

    if not missing:
        return
    firsts = [reaches_back(detector_rule(rule, clock=clock), grid=min(lacking), is_fitted=False) for rule, lacking in missing.values()]
    yield from read_counted_parts(
        session,
        source_id=source_id,
        names={name for _, lacking in missing.values() for names in lacking.values() for name in names},
        since=clock.time(min(firsts)),
        until=clock.time(max(max(lacking) for _, lacking in missing.values())),
        bucket=clock.bucket,
        n_series=SERIES_AT_ONCE,
    )


def _fit(rows: Counted, rule: Rule, *, names: tuple[Name, ...], at: int, clock: Clock) -> Fitted:
    from pipelines.spikes import fit_at

    return Fitted(names, fit_at(counts_of(rows, names=names), rule=detector_rule(rule, clock=clock), grid=at))


def _filled(shelf: Shelf, *, clock: Clock) -> Fits:
    """Return the baselines of a rule, none of any series where none was wanted."""
    import numpy as np

    if empty := [at for at in shelf.wanted if at not in shelf.fits]:
        one = _fit(Counted.of_nothing(), shelf.rule, names=_NOBODY, at=empty[0], clock=clock)
        shelf.fits.update(dict.fromkeys(empty, Fitted((), one.baselines.take(np.zeros(0, dtype=np.int64)))))
    return shelf.fits


def _joined(parts: Sequence[Fitted]) -> Fitted:
    from pipelines.baselines import Baselines

    return Fitted(tuple(name for part in parts for name in part.names), Baselines.joined([part.baselines for part in parts]))
