from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.parts import Part
from workers.incidents.relation import choose, group, in_order, lead

HOUR = timedelta(hours=1)
Make = Callable[..., Part]


def nothing(_one: Part, others: Sequence[Part], **_when: datetime) -> Sequence[tuple[int, int, int]]:
    return [(20, 20, 0)] * len(others)


def unasked(_one: Part, _others: Sequence[Part], **_when: datetime) -> Sequence[tuple[int, int, int]]:
    raise AssertionError("names alone should tell")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"rule": "negatives"}),
        ({}, {"source_id": 2}),
        ({"dimension": "source"}, {"dimension": "topic", "key": "earnings"}),
        ({"dimension": "topic", "key": "mergers"}, {"dimension": "topic", "key": "earnings"}),
        ({"dimension": "source"}, {}),
        ({"metric": "silence", "dimension": "source"}, {"metric": "silence", "dimension": "source", "source_id": 2}),
    ],
)
def test_group_joins_by_name_what_people_call_one_thing(turn: Make, first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(group([turn(**first), turn(1, **second)], regroup=HOUR, shared=unasked)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"key": "TICKER:FB"}),
        ({}, {"source_id": 2, "key": "TICKER:FB"}),
        ({"dimension": "source"}, {"dimension": "source", "source_id": 2}),
        ({"dimension": "topic", "key": "earnings"}, {"dimension": "topic", "key": "earnings", "source_id": 2}),
        ({"metric": "silence", "dimension": "source"}, {"dimension": "source"}),
        ({"metric": "silence", "dimension": "source"}, {}),
        ({}, {"dimension": "topic", "key": "earnings"}),
    ],
)
def test_group_keeps_apart_what_shares_neither_name_nor_records(turn: Make, first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(group([turn(**first), turn(**second)], regroup=HOUR, shared=nothing)) == 2


@pytest.mark.parametrize(("counts", "n_groups"), [((40, 12, 6), 1), ((40, 12, 5), 2), ((12, 40, 6), 1)])
def test_group_joins_an_entity_with_what_shares_half_of_the_smaller_ones_negatives(
    turn: Make, counts: tuple[int, int, int], n_groups: int
) -> None:
    assert len(group([turn(), turn(key="ORG:apple")], regroup=HOUR, shared=lambda *_, **_when: [counts])) == n_groups


def test_group_looks_further_back_until_there_are_enough_negatives_and_believes_no_one_or_two(turn: Make) -> None:
    asked: list[timedelta] = []

    def few(_one: Part, others: Sequence[Part], *, since: datetime, until: datetime) -> Sequence[tuple[int, int, int]]:
        asked.append(until - since)
        return [(2, 9, 2)] * len(others)

    assert len(group([turn(), turn(key="ORG:apple")], regroup=HOUR, shared=few)) == 2
    assert asked == [HOUR, 6 * HOUR, 24 * HOUR]


def test_group_looks_further_back_only_for_what_the_last_hour_could_not_tell(turn: Make) -> None:
    asked: list[list[str]] = []

    def some(_one: Part, others: Sequence[Part], **_when: datetime) -> Sequence[tuple[int, int, int]]:
        asked.append([other.key for other in others])
        return [(30, 20 if other.key == "ORG:b" else 5, 2) for other in others]

    group([turn(key="ORG:a"), turn(key="ORG:b"), turn(1, key="ORG:c")], regroup=HOUR, shared=some)

    assert asked[-3:] == [["ORG:a", "ORG:b"], ["ORG:a"], ["ORG:a"]]


def test_group_lets_a_long_turn_of_a_source_swallow_no_later_one(turn: Make) -> None:
    parts = [turn(dimension="source", judged=30), turn(2, judged=30), turn(9, key="TICKER:FB")]

    grouped = group(parts, regroup=HOUR, shared=unasked)

    assert [[one.key for one in some] for some in grouped] == [["", "TICKER:AAPL"], ["TICKER:FB"]]


@pytest.mark.parametrize(("pause", "n_groups"), [(0.5, 1), (1, 1), (1.25, 2)])
def test_group_takes_a_series_back_that_turns_again_within_the_hour(turn: Make, pause: float, n_groups: int) -> None:
    assert len(group([turn(until=2), turn(2 + pause, until=5)], regroup=HOUR, shared=unasked)) == n_groups


def test_group_joins_nothing_to_a_turn_of_another_age(turn: Make) -> None:
    """A stream of the past that ended leaves its last turns open for good."""
    assert len(group([turn(), turn(24 * 365, source_id=2)], regroup=HOUR, shared=unasked)) == 2


def test_choose_prefers_the_closest_and_then_the_oldest(turn: Make) -> None:
    groups = {1: [turn(dimension="source")], 2: [turn(source_id=2)], 3: [turn(rule="volume")], 4: [turn(rule="negatives")]}

    assert choose(turn(), groups, regroup=HOUR, shared=unasked) == 3
    assert choose(turn(), {1: groups[1], 2: groups[2]}, regroup=HOUR, shared=unasked) == 2


def test_lead_is_the_least_likely_and_of_equals_the_narrower(turn: Make) -> None:
    parts = [turn(dimension="source", p_value=1e-9), turn(dimension="topic", key="t", p_value=1e-12), turn(p_value=1e-12)]

    assert lead(parts) == parts[2]


SERIES = st.sampled_from(
    [("entity", "TICKER:AAPL"), ("entity", "TICKER:FB"), ("entity", "ORG:apple"), ("topic", "earnings"), ("source", "")]
)
TURNS = st.lists(st.tuples(SERIES, st.sampled_from(["share", "count"]), st.integers(0, 60), st.integers(1, 20)), max_size=14)


@given(turns=TURNS)
def test_choose_sees_no_further_than_the_moment_a_turn_opened(turn: Make, turns: list[tuple[tuple[str, str], str, int, int]]) -> None:
    """Hence a stream judged as it comes, whose turns have not ended yet, groups as a replay does."""
    drawn = {(name, rule, at): turn(at, until=at + length, rule=rule, dimension=name[0], key=name[1]) for name, rule, at, length in turns}
    groups: dict[int, list[Part]] = {}
    for part in in_order(drawn.values()):
        known = {number: [_as_known_at(one, part) for one in some] for number, some in groups.items()}

        chosen = choose(part, groups, regroup=HOUR, shared=_alike)

        assert choose(_as_known_at(part, part), known, regroup=HOUR, shared=_alike) == chosen
        groups.setdefault(len(groups) if chosen is None else chosen, []).append(part)
    assert list(groups.values()) == group(drawn.values(), regroup=HOUR, shared=_alike)


def _as_known_at(one: Part, newest: Part) -> Part:
    """Return a part as it stood when the newest opened: what ended later had not ended."""
    if one.resolved_at and one.resolved_at <= newest.opened_at:
        return one
    return replace(one, resolved_at=None, last_judged_at=newest.opened_at, p_value=1.0, peak_at=one.opened_at)


def _alike(one: Part, others: Sequence[Part], **_when: datetime) -> Sequence[tuple[int, int, int]]:
    return [(20, 20, 20 if "TICKER:FB" not in {one.key, other.key} else 3) for other in others]
