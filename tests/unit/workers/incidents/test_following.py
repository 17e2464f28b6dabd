from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.incidents import Standing
from db.parts import Part, PartView
from db.silences import SilenceView
from workers.incidents.following import Situation, follow, remind, silences_of

Make = Callable[..., Part]
HOUR = timedelta(hours=1)
WAITS = (4 * HOUR, 24 * HOUR)


def view(part: Part, number: int = 1, **fields: Any) -> PartView:
    return PartView(**{**asdict(part), "id": number, "incident_id": 1, "source": "wire", "withdrawn": False} | fields)


def silence(number: int = 1, **matcher: str) -> SilenceView:
    at = datetime.min.replace(tzinfo=UTC)
    return SilenceView(number, matcher, at, at, "ana", "earnings day")


@pytest.fixture
def told(noon: datetime) -> Standing:
    return Standing(told_at=noon, told_severity="warning")


def test_follow_tells_a_new_incident(turn: Make, noon: datetime) -> None:
    step = follow(Standing(), Situation([view(turn())], "critical", noon, news={1}, is_new=True))

    assert step.standing == Standing(severity="critical", told_at=noon, told_severity="critical")
    assert (step.events, step.changes) == ((), ["opened"])


def test_follow_of_an_incident_that_lasts_does_nothing(turn: Make, noon: datetime, told: Standing) -> None:
    step = follow(told, Situation([view(turn())], "warning", noon + HOUR))

    assert (step.standing, step.events, step.changes) == (told, (), [])


def test_follow_never_makes_an_incident_milder_and_tells_the_graver_once(turn: Make, noon: datetime, told: Standing) -> None:
    first = follow(told, Situation([view(turn())], "critical", noon + HOUR))
    second = follow(first.standing, Situation([view(turn())], "warning", noon + 2 * HOUR))

    assert (first.changes, second.changes) == (["escalated"], [])
    assert second.standing.severity == "critical"
    assert first.standing.told_at == noon + HOUR


def test_follow_keeps_a_silenced_incident_back_until_the_silence_ends(turn: Make, noon: datetime) -> None:
    parts = [view(turn())]
    first = follow(Standing(), Situation(parts, "warning", noon, silences=[silence(key="TICKER:*")], news={1}, is_new=True))
    second = follow(first.standing, Situation(parts, "warning", noon + HOUR))

    assert (first.changes, [what for what, _ in first.events]) == ([], ["silenced"])
    assert first.events[0][1] == {"why": "earnings day", "by": "ana", "silences": [1]}
    assert (second.changes, [what for what, _ in second.events]) == (["opened"], ["unsilenced"])


def test_follow_tells_nothing_of_what_ended_while_it_was_silenced(turn: Make, noon: datetime) -> None:
    before = Standing(silenced_at=noon)

    step = follow(before, Situation([], "warning", noon + HOUR))

    assert (step.standing.state, step.changes) == ("resolved", [])


def test_follow_tells_the_end_of_what_was_told_under_a_silence_too(turn: Make, noon: datetime, told: Standing) -> None:
    silenced = follow(told, Situation([view(turn())], "warning", noon, silences=[silence(source="wire")])).standing

    assert silenced.silenced_at == noon
    assert follow(silenced, Situation([], "warning", noon + HOUR, silences=[silence(source="wire")])).changes == ["resolved"]


def test_follow_tells_what_grew_graver_under_a_silence_when_it_ends(turn: Make, noon: datetime, told: Standing) -> None:
    parts = [view(turn())]
    first = follow(told, Situation(parts, "critical", noon, silences=[silence(severity="*"), silence(rule="negative-share")]))
    second = follow(first.standing, Situation(parts, "critical", noon + HOUR))

    assert (first.changes, second.changes) == ([], ["escalated"])


def test_follow_lets_nothing_out_to_people_when_somebody_has_taken_it_on(turn: Make, noon: datetime) -> None:
    before = Standing(state="acknowledged", silenced_at=noon)

    step = follow(before, Situation([view(turn())], "warning", noon + HOUR))

    assert step.changes == []
    assert step.standing.silenced_at is None


def test_follow_numbers_what_it_tells_after_a_reopening(turn: Make, noon: datetime, told: Standing) -> None:
    ended = follow(told, Situation([], "warning", noon)).standing
    again = follow(ended, Situation([view(turn(), 2)], "warning", noon + HOUR, news={2}))
    over = follow(again.standing, Situation([], "warning", noon + 2 * HOUR))

    assert (again.changes, over.changes) == (["opened-2"], ["resolved-2"])
    assert [what for what, _ in again.events] == ["reopened"]
    assert again.standing.n_reopened == 1


def test_follow_reopens_nothing_for_a_late_part_that_is_over(turn: Make, noon: datetime, told: Standing) -> None:
    ended = follow(told, Situation([], "warning", noon)).standing

    step = follow(ended, Situation([view(turn(until=1), 2, late_before=noon)], "warning", noon + HOUR, news={2}))

    assert (step.standing, step.events, step.changes) == (ended, (), [])


def test_silences_keep_an_incident_back_only_when_every_part_is_matched(turn: Make) -> None:
    parts = [view(turn()), view(turn(dimension="topic", key="earnings"), 2)]
    apple, topics = silence(1, key="TICKER:AAPL"), silence(2, dimension="topic")

    assert silences_of(parts, severity="warning", silences=[apple]) == []
    assert silences_of(parts, severity="warning", silences=[apple, topics]) == [apple, topics]
    assert silences_of([], severity="warning", silences=[apple]) == []


def test_remind_waits_longer_each_time_and_goes_on_at_the_last_wait(noon: datetime, told: Standing) -> None:
    standing, told_after = told, []
    for hour in range(100):
        step = remind(standing, last_judged_at=noon + hour * HOUR, now=noon + hour * HOUR, waits=WAITS)
        standing = step.standing
        told_after += [(hour, *step.changes)] if step.changes else []

    assert told_after == [(4, "reminder-1"), (28, "reminder-2"), (52, "reminder-3"), (76, "reminder-4")]


@pytest.mark.parametrize(
    "fields", [{"state": "acknowledged"}, {"state": "resolved"}, {"silenced_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"told_at": None}]
)
def test_remind_leaves_alone_what_nobody_waits_for(noon: datetime, fields: dict[str, Any]) -> None:
    standing = Standing(**{"told_at": noon} | fields)

    assert remind(standing, last_judged_at=noon + 9 * HOUR, now=noon + 9 * HOUR, waits=WAITS).changes == ()


def test_remind_of_a_stream_that_nobody_judges_any_more_is_silent(noon: datetime, told: Standing) -> None:
    assert remind(told, last_judged_at=noon, now=noon + 9 * HOUR, waits=WAITS).changes == ()
    assert remind(told, last_judged_at=noon + 9 * HOUR, now=noon + 9 * HOUR, waits=()).changes == ()
