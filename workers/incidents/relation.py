"""Say which turns people would call one thing; storing what was grouped is left to `workers.incidents.recording`.

Only what was known when a turn opened decides, so that a stream judged as it comes and one judged later group alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from db.parts import Part


class Shared(Protocol):
    """Counts, for each other part, the negatives of one series in a stretch of time, those of the other, and of both."""

    def __call__(self, one: Part, others: Sequence[Part], /, *, since: datetime, until: datetime) -> Sequence[tuple[int, int, int]]:
        """Return a triple for each of `others`; `db.sharing.count_shared` does."""


Group = TypeVar("Group", bound=int)
AnyPart = TypeVar("AnyPart", bound=Part)

GROWS = timedelta(hours=6)
"""How long after its last part opened an incident still takes others of its source: by then the same news has reached the smallest
series, and what turns later is news of its own, which a long incident must not swallow."""

SPANS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How far before a turn's opening its records are compared with others': the shortest that holds `ENOUGH` negatives of both."""

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
    groups: list[list[AnyPart]] = []
    near: dict[int, list[AnyPart]] = {}  # what is long over is asked no more, or years of history would take hours
    for part in in_order(parts):
        near = {number: left for number, some in near.items() if (left := [one for one in some if _touch(part, one, within=regroup)])}
        chosen = choose(part, near, regroup=regroup, shared=shared)
        if chosen is None:
            chosen = len(groups)
            groups.append([])
        groups[chosen].append(part)
        near.setdefault(chosen, []).append(part)
    return groups


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
    return _sharing(newcomer, asked[:N_COMPARED], shared=shared)


def _sharing(newcomer: Part, asked: Sequence[tuple[Part, Group]], *, shared: Shared) -> Group | None:
    """Return the first of `asked` whose records tell the newcomer's story, over the shortest stretch that can say so."""
    for span in SPANS:
        if not asked:
            break
        counts = shared(newcomer, [one for one, _ in asked], since=newcomer.opened_at - span, until=newcomer.opened_at)
        enough = LEAST if span == SPANS[-1] else ENOUGH
        for (_, name), (n_own, n_other, n_both) in zip(asked, counts, strict=True):
            if min(n_own, n_other) >= enough and n_both >= SAME * min(n_own, n_other):
                return name
        asked = [one for one, (n_own, n_other, _) in zip(asked, counts, strict=True) if min(n_own, n_other) < enough]
    return None


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
