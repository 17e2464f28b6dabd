from datetime import timedelta
from typing import Any

import pytest

from workers.errors import Conflict, NotFound, UsageError
from workers.incidents import acknowledge, resolve, silence, unsilence

HOUR = timedelta(hours=1)


def test_resolve_tells_those_who_were_told_and_keeps_who_and_why(desk: Any, turn: Any) -> None:
    desk.record(turn())

    desk.act(acknowledge, 1, who="ana", why="on it")
    desk.act(resolve, 1, who="bo", why="priced in")

    incident = desk.one()
    assert (incident.state, incident.closed_by, incident.resolution) == ("resolved", "bo", "priced in")
    assert [change for _, change in desk.queued()] == ["opened", "resolved"]
    assert [(one.what, one.who, one.detail.get("why")) for one in desk.events()[1:]] == [
        ("acknowledged", "ana", "on it"),
        ("resolved", "bo", "priced in"),
    ]


def test_resolve_tells_nobody_of_what_nobody_was_told(desk: Any, turn: Any) -> None:
    desk.record(turn(judged=1), judged_before=2)

    desk.act(resolve, 1, who="bo", why="")

    assert desk.queued() == []


@pytest.mark.parametrize("change", [acknowledge, resolve])
def test_what_has_ended_or_never_was_can_not_be_changed(desk: Any, turn: Any, change: Any) -> None:
    desk.record(turn(until=1))

    with pytest.raises(Conflict, match="incident 1 is resolved"):
        desk.act(change, 1, who="ana", why="")
    with pytest.raises(NotFound, match="no incident 9"):
        desk.act(change, 9, who="ana", why="")


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ({}, "name at least one of severity, source"),
        ({"colour": "red"}, "no label colour"),
        ({"key": "*"}, "can't be matched"),
        ({"rule": ""}, "can't be matched"),
        ({"key": "TICKER:*PL"}, "can't be matched"),
        ({"severity": "critcal"}, "it is warning or critical"),
        ({"metric": "x*"}, "it is share or negatives or volume or silence"),
    ],
)
def test_silence_refuses_what_matches_all_or_nothing(desk: Any, noon: Any, matcher: dict[str, str], said: str) -> None:
    asked = {"starts_at": noon, "ends_at": noon + HOUR, "author": "ana", "reason": "known", "now": noon}

    with pytest.raises(UsageError, match=said):
        desk.act(silence, matcher=matcher, **asked)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"reason": " "}, "needs a reason"), ({"hours": 0}, "must end after"), ({"hours": -1}, "must end after")],
)
def test_silence_refuses_one_without_a_reason_or_a_time(desk: Any, noon: Any, fields: dict[str, Any], said: str) -> None:
    asked = {
        "starts_at": noon,
        "ends_at": noon + HOUR * fields.get("hours", 1),
        "author": "ana",
        "reason": fields.get("reason", "x"),
        "now": noon,
    }

    with pytest.raises(UsageError, match=said):
        desk.act(silence, matcher={"dimension": "source", "key": ""}, **asked)


def test_unsilence_is_refused_where_there_is_none_or_it_is_over(desk: Any, noon: Any) -> None:
    asked = {"starts_at": noon, "ends_at": noon + HOUR, "author": "ana", "reason": "known", "now": noon}
    number = desk.act(silence, matcher={"source": "wire"}, **asked)

    desk.act(unsilence, number, who="bo", now=noon)
    with pytest.raises(Conflict, match="over already"):
        desk.act(unsilence, number, who="bo", now=noon)
    with pytest.raises(NotFound, match="no silence 9"):
        desk.act(unsilence, 9, who="bo", now=noon)
