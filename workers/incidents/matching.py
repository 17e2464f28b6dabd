"""Pair turns just found with those stored: once late records are in, a turn may open earlier or later, or swallow another."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from db.parts import Part, PartView


@dataclass(frozen=True, slots=True)
class Paired:
    """Stored parts with what they are now, stored parts that are no more, and found parts that are new, in the order of opening."""

    updated: list[tuple[PartView, Part]]
    gone: list[PartView]
    new: list[Part]


def pair(found: Sequence[Part], *, stored: Sequence[PartView], withdrawn: Sequence[PartView]) -> Paired:
    """Pair each found part with the stored one of its fingerprint that opened with it or else overlaps it, each stored one once.

    A series has one turn at a time, so a stored part that overlaps a found one without being its pair was swallowed by it. A
    withdrawn part comes back where the same turn is found again.
    """
    pool: dict[str, list[PartView]] = defaultdict(list)
    for one in stored:
        pool[one.fingerprint].append(one)
    result = Paired([], [], [])
    for part in sorted(found, key=lambda one: (one.opened_at, one.fingerprint)):
        alike = pool[part.fingerprint]
        same = min(alike, key=lambda one: _distance(one, part), default=None)
        if same is None or _distance(same, part) == _APART:
            result.new.append(part)
        else:
            alike.remove(same)
            result.updated.append((same, part))
    asked = {one.id for one in withdrawn}
    swallowed = {one.id for part in found for one in pool[part.fingerprint] if _overlap(one, part)}
    left = [one for alike in pool.values() for one in alike if not one.withdrawn]
    result.gone.extend(one for one in left if one.id in asked | swallowed)
    return result


_APART = 3


def _distance(stored: PartView, part: Part) -> int:
    if stored.opened_at == part.opened_at:
        return 1 if stored.withdrawn else 0
    return 2 if not stored.withdrawn and _overlap(stored, part) else _APART


def _overlap(one: Part, other: Part) -> bool:
    return all(early.resolved_at is None or late.opened_at < early.resolved_at for late, early in ((one, other), (other, one)))
