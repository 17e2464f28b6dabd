from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from db.parts import Part, PartView
from workers.incidents.matching import pair

Make = Callable[..., Part]


def stored(part: Part, number: int, **fields: Any) -> PartView:
    return PartView(**{**asdict(part), "id": number, "incident_id": 1, "source": "wire", "withdrawn": False} | fields)


def test_pair_finds_the_same_turn_and_leaves_others_new(turn: Make) -> None:
    old = stored(turn(), 1)
    found = [turn(judged=1), turn(key="ORG:apple")]

    paired = pair(found, stored=[old], withdrawn=[])

    assert paired.updated == [(old, found[0])]
    assert paired.new == [found[1]]
    assert paired.gone == []


def test_pair_takes_a_turn_that_opens_at_another_time_for_the_same_while_they_overlap(turn: Make) -> None:
    old, over = stored(turn(0, until=4), 2), stored(turn(-9, until=-5), 1)

    for found in (turn(-1), turn(2), turn(-1, until=1), turn(1, until=9)):
        assert pair([found], stored=[over, old], withdrawn=[old]).updated == [(old, found)]
    for found in (turn(4), turn(-4, until=0)):
        assert pair([found], stored=[over, old], withdrawn=[]).new == [found]


def test_pair_prefers_the_turn_that_opened_with_it(turn: Make) -> None:
    early, same = stored(turn(-3, until=1), 1), stored(turn(0, until=2), 2)
    found = turn(0, until=2)

    assert pair([found], stored=[early, same], withdrawn=[early]).updated == [(same, found)]


def test_pair_lets_a_turn_swallow_those_it_overlaps(turn: Make) -> None:
    first, second = stored(turn(0, until=2), 1), stored(turn(4), 2)

    paired = pair([turn(0, judged=6)], stored=[first, second], withdrawn=[])

    assert (paired.updated[0][0], paired.gone) == (first, [second])


def test_pair_splits_a_turn_into_the_old_and_a_new_one(turn: Make) -> None:
    old = stored(turn(0, judged=6), 1)
    found = [turn(4), turn(0, until=2)]

    paired = pair(found, stored=[old], withdrawn=[])

    assert paired.updated == [(old, found[1])]
    assert paired.new == [found[0]]


def test_pair_gives_up_what_is_withdrawn_and_brings_it_back_when_found_again(turn: Make) -> None:
    old, before = stored(turn(), 2), stored(turn(), 1, withdrawn=True)

    assert pair([], stored=[old, before], withdrawn=[old]).gone == [old]
    assert pair([turn()], stored=[before], withdrawn=[]).updated == [(before, turn())]
    assert pair([turn(1)], stored=[before], withdrawn=[]).new == [turn(1)]


def test_pair_takes_nobody_elses_turn(turn: Make) -> None:
    old = stored(turn(rule="negatives"), 1)

    assert pair([turn()], stored=[old], withdrawn=[]).new == [turn()]
