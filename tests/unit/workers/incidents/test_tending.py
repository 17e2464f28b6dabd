from datetime import timedelta
from typing import Any

from db import incidents
from workers.incidents import silence, unsilence
from workers.incidents.tending import RULE_GONE


def _silenced(desk: Any, noon: Any, *, until: float = 24, **matcher: str) -> int:
    asked = {"starts_at": noon, "ends_at": noon + timedelta(hours=until), "author": "ana", "reason": "earnings day", "now": noon}
    return int(desk.act(silence, matcher=matcher, **asked))


def test_tend_of_nothing_does_nothing(desk: Any) -> None:
    assert desk.tend(0).n_resolved == 0


def test_tend_brings_to_mind_what_fires_until_somebody_takes_it_on(desk: Any, turn: Any) -> None:
    desk.record(turn(judged=4))
    for _ in range(2):
        desk.tend(4)
    assert [change for _, change in desk.queued()] == ["opened", "reminder-1"]
    assert desk.one().n_reminders == 1
    assert desk.history() == ["opened", "reminded"]

    desk.record(turn(judged=40))
    desk.act(incidents.acknowledge, 1, who="ana", why="on it")
    desk.tend(40)

    assert [change for _, change in desk.queued()] == ["opened", "reminder-1"]


def test_tend_lets_out_what_a_silence_kept_back_when_its_time_is_over(desk: Any, turn: Any, noon: Any) -> None:
    _silenced(desk, noon, until=2, key="TICKER:*")
    desk.record(turn())
    desk.tend(1)
    assert desk.queued() == []
    assert desk.one().silenced_at == noon

    desk.tend(2)

    assert [change for _, change in desk.queued()] == ["opened"]
    assert desk.history() == ["opened", "silenced", "unsilenced"]


def test_tend_lets_out_what_a_silence_kept_back_when_somebody_ends_it(desk: Any, turn: Any, noon: Any) -> None:
    number = _silenced(desk, noon, source="wire")
    desk.record(turn())

    desk.act(unsilence, number, who="bo", now=noon + timedelta(minutes=5))
    desk.tend(0.5)

    assert [change for _, change in desk.queued()] == ["opened"]


def test_tend_lets_out_nothing_that_has_resolved_meanwhile(desk: Any, turn: Any, noon: Any) -> None:
    _silenced(desk, noon, until=2, rule="negative-share")
    desk.record(turn())
    desk.record(turn(until=1), now=1)

    desk.tend(3)

    assert desk.queued() == []


def test_tend_keeps_quiet_what_is_silenced_after_it_was_told_but_tells_its_end(desk: Any, turn: Any, noon: Any) -> None:
    desk.record(turn(judged=5))
    _silenced(desk, noon, metric="share")
    desk.tend(5)

    desk.record(turn(until=6), now=6)

    assert desk.history() == ["opened", "silenced", "resolved"]
    assert [change for _, change in desk.queued()] == ["opened", "resolved"]


def test_tend_ends_what_a_rule_found_that_is_no_longer_in_force(desk: Any, turn: Any) -> None:
    desk.record(turn(), turn(rule="negatives", metric="negatives"), turn(key="TICKER:FB", rule="mine"))

    done = desk.tend(1, rules=("negatives",))

    assert done.n_resolved == 1
    assert [(one.state, one.resolution) for one in desk.incidents()] == [("firing", None), ("resolved", RULE_GONE)]
    assert (2, "resolved") in desk.queued()
