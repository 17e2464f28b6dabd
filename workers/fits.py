"""Have the baselines at hand that judge a span: those kept, and those fitted now, which are kept too; judging is left to `judging`."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from db import baselines
from db.counted import Counted, read_counted_parts
from db.watermarks import Span
from workers.alert_settings import Rule
from workers.clock import Clock, detector_rule
from workers.judging import Fits, Fitted, grid_points
from workers.turns import counts_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SERIES_AT_ONCE = 2_000
"""Series fitted at a time: weeks of their buckets are in memory together."""

_LENGTH_BYTES = 4
_NOBODY = (("", ""),)


def fits_of(session: "Session", rules: Mapping[str, Rule], *, source_id: int, clock: Clock, span: Span) -> dict[str, Fits]:
    """Return, rule by rule, all baselines that judge `span`; what had to be fitted is kept, in the caller's transaction."""
    points = {name: grid_points(rule, clock=clock, span=span) for name, rule in rules.items()}
    fits: dict[str, Fits] = {
        name: _kept(session, rule, source_id=source_id, clock=clock, points=points[name]) for name, rule in rules.items()
    }
    missing = {name: (rule, [at for at in points[name] if at not in fits[name]]) for name, rule in rules.items()}
    missing = {name: (rule, lacking) for name, (rule, lacking) in missing.items() if lacking}
    for name, fitted in _fitted(session, missing, source_id=source_id, clock=clock).items():
        fits[name].update(fitted)
        payloads = {clock.time(at): pack(one) for at, one in fitted.items()}
        baselines.save_baselines(session, payloads, source_id=source_id, rule_hash=fit_hash(rules[name], clock=clock))
    return fits


def fit_hash(rule: Rule, *, clock: Clock) -> str:
    """Name what a rule's baselines depend on in 12 hexadecimal digits: other bounds need no other baselines."""
    told = rule.model_dump_json(include={"metric", "window", "baseline", "season", "dimensions"})
    return hashlib.sha256(f"{clock.bucket} {told}".encode()).hexdigest()[:12]


def pack(fitted: Fitted) -> bytes:
    """Return baselines with the names of their rows, as stored."""
    names = zlib.compress(json.dumps(fitted.names).encode(), level=1)
    return len(names).to_bytes(_LENGTH_BYTES) + names + fitted.baselines.to_bytes()


def unpack(stored: bytes) -> Fitted:
    """Read what `pack` returned."""
    from pipelines.baselines import Baselines

    end = _LENGTH_BYTES + int.from_bytes(stored[:_LENGTH_BYTES])
    names = tuple((dimension, key) for dimension, key in json.loads(zlib.decompress(stored[_LENGTH_BYTES:end])))
    return Fitted(names, Baselines.from_bytes(stored[end:]))


def _kept(session: "Session", rule: Rule, *, source_id: int, clock: Clock, points: Sequence[int]) -> dict[int, Fitted]:
    if not points:
        return {}
    span = {"since": clock.time(points[0]), "until": clock.time(points[-1] + 1)}
    found = baselines.read_baselines(session, source_id=source_id, rule_hash=fit_hash(rule, clock=clock), **span)
    return {clock.number(at): unpack(payload) for at, payload in found.items()}


def _fitted(
    session: "Session", missing: Mapping[str, tuple[Rule, list[int]]], *, source_id: int, clock: Clock
) -> dict[str, dict[int, Fitted]]:
    """Fit what is missing, all rules in one reading of the rollups."""
    parts: dict[str, dict[int, list[Fitted]]] = {name: {at: [] for at in points} for name, (_, points) in missing.items()}
    for rows in _rows(session, missing, source_id=source_id, clock=clock):
        for name, (rule, points) in missing.items():
            for at in points:
                parts[name][at].append(_fit(rows, rule, at=at, clock=clock))
    nothing = {name: _fit(Counted.of_nothing(), rule, at=points[0], clock=clock) for name, (rule, points) in missing.items()}
    return {name: {at: _joined(some or [nothing[name]]) for at, some in fitted.items()} for name, fitted in parts.items()}


def _rows(session: "Session", missing: Mapping[str, tuple[Rule, list[int]]], *, source_id: int, clock: Clock) -> Iterable[Counted]:
    """Read the season before everything that is missing."""
    from pipelines.spikes import reaches_back

    firsts = [reaches_back(detector_rule(rule, clock=clock), grid=min(points), is_fitted=False) for rule, points in missing.values()]
    if not firsts:
        return ()
    return read_counted_parts(
        session,
        source_id=source_id,
        dimensions={dimension for rule, _ in missing.values() for dimension in rule.dimensions},
        since=clock.time(min(firsts)),
        until=clock.time(max(max(points) for _, points in missing.values())),
        bucket=clock.bucket,
        n_series=SERIES_AT_ONCE,
    )


def _fit(rows: Counted, rule: Rule, *, at: int, clock: Clock) -> Fitted:
    """Fit the rule's series among `rows`; those without a past are left out."""
    import numpy as np

    from pipelines.baselines import NEVER
    from pipelines.spikes import fit_at

    names = tuple(one for one in rows.names if one[0] in rule.dimensions)
    fitted = fit_at(counts_of(rows, names=names or _NOBODY), rule=detector_rule(rule, clock=clock), grid=at)
    known = np.flatnonzero(fitted.since != NEVER)
    return Fitted(tuple(names[index] for index in known), fitted.take(known))


def _joined(parts: Sequence[Fitted]) -> Fitted:
    from pipelines.baselines import Baselines

    return Fitted(tuple(name for part in parts for name in part.names), Baselines.joined([part.baselines for part in parts]))
