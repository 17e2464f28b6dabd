"""Say which turns people would call one thing; storing what was grouped is left to `workers.incidents.recording`.

Only what was known when a turn opened decides, so that a stream judged as it comes and one judged later group alike.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from db.parts import Part

Shared = Callable[[Part, Part], tuple[int, int, int]]
"""Negative records in one part's window, in the other's, in both: `db.evidence.count_shared`."""

Group = TypeVar("Group", bound=int)
AnyPart = TypeVar("AnyPart", bound=Part)

GROWS = timedelta(hours=6)
"""How long after its last part opened an incident still takes others of its source: by then the same news has reached the smallest
series, and what turns later is news of its own, which a long incident must not swallow."""

SPANS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How far before the first of two turns their records are compared: the shortest that holds `ENOUGH` negatives."""

ENOUGH, LEAST = 10, 3
"""Negatives of the smaller series that make a comparison sure, and below which there is none."""

SAME = 0.5
"""Share of the smaller series' negatives that are the other's too, from which both tell the same story."""

N_COMPARED = 12
"""Parts whose records are read for one newcomer at most, the last to open first: bounds the cost of a storm."""

_NARROW = {"entity": 0, "topic": 1, "source": 2}


def lead(parts: Iterable[AnyPart]) -> AnyPart:
    """Return the least likely part; of equals the narrower series, since it says more."""
    return min(parts, key=lambda one: (one.p_value, _NARROW.get(one.dimension, 3), one.opened_at, one.fingerprint))


def group(parts: Iterable[AnyPart], *, regroup: timedelta, shared: Shared) -> list[list[AnyPart]]:
    """Return the parts as the incidents they would have been, each in the order of opening."""
    groups: dict[int, list[AnyPart]] = {}
    for part in in_order(parts):
        chosen = choose(part, groups, regroup=regroup, shared=shared)
        groups.setdefault(len(groups) if chosen is None else chosen, []).append(part)
    return list(groups.values())


def in_order(parts: Iterable[AnyPart]) -> list[AnyPart]:
    """Return parts as they opened; of the same moment the widest first, so that a source's incident takes its topics and entities."""
    return sorted(parts, key=lambda one: (one.opened_at, -_NARROW.get(one.dimension, 3), one.key, one.rule, one.fingerprint))


def choose(newcomer: Part, groups: Mapping[Group, Sequence[Part]], *, regroup: timedelta, shared: Shared) -> Group | None:
    """Return the group that a newcomer belongs to, the closest related, of equals the oldest; None where it stands alone.

    Close are, in this order: a series under its own rule again or under another; an entity in another source; series of the
    same source whose incident is still growing: the source itself and its topics, then an entity and whatever shares half of
    the smaller one's negative records with it.
    """
    near = {name: [one for one in parts if _touch(newcomer, one, within=regroup)] for name, parts in groups.items()}
    ranked = [(rank, name) for name, parts in near.items() for one in parts if (rank := _rank(newcomer, one)) is not None]
    if ranked:
        return min(ranked)[1]
    asked = [(one, name) for name, parts in near.items() for one in parts if _may_share(newcomer, one)]
    asked.sort(key=lambda pair: (-pair[0].opened_at.timestamp(), pair[1], pair[0].fingerprint))
    return next((name for one, name in asked[:N_COMPARED] if _share(newcomer, one, shared=shared)), None)


def _touch(one: Part, other: Part, *, within: timedelta) -> bool:
    """Tell whether neither turn was over, for longer than `within`, when the other opened."""
    return all(late.opened_at <= (early.resolved_at or early.last_judged_at) + within for late, early in ((one, other), (other, one)))


def _rank(one: Part, other: Part) -> int | None:
    """Return how close two turns are as far as their names tell; None where that is not at all."""
    here, growing = one.source_id == other.source_id, abs(one.opened_at - other.opened_at) <= GROWS
    if "silence" in (one.metric, other.metric):  # several feeds that fall silent together have one cause; no sentiment shares it
        return (0 if here else 1) if one.metric == other.metric and (here or growing) else None
    if here and (one.dimension, one.key) == (other.dimension, other.key):
        return 0
    if not here:
        return 1 if one.dimension == other.dimension == "entity" and one.key == other.key else None
    kinds = {one.dimension, other.dimension}
    if not growing or kinds in ({"entity"}, {"entity", "topic"}):
        return None
    return 2 if "entity" not in kinds else 3  # all records of an entity are its source's, so there is nothing to count


def _may_share(one: Part, other: Part) -> bool:
    kinds, metrics = {one.dimension, other.dimension}, {one.metric, other.metric}
    near = one.source_id == other.source_id and abs(one.opened_at - other.opened_at) <= GROWS
    return near and "entity" in kinds and "silence" not in metrics


def _share(one: Part, other: Part, *, shared: Shared) -> bool:
    """Tell whether the records of two series before the later one turned tell the same story."""
    first, last = sorted((one.opened_at, other.opened_at))
    for span in SPANS:
        n_one, n_other, n_both = shared(*(replace(part, window_from=first - span, peak_at=last) for part in (one, other)))
        smaller = min(n_one, n_other)
        if smaller >= ENOUGH or (span == SPANS[-1] and smaller >= LEAST):
            return n_both >= SAME * smaller
    return False
