from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from db import incidents
from db.parts import Part
from workers.incidents import recording


def test_record_opens_an_incident_for_a_new_part_and_tells_it(desk: Any, turn: Any) -> None:
    done = desk.record(turn())

    incident = desk.one()
    assert (done.n_opened, done.n_updated, done.n_resolved) == (1, 0, 0)
    assert (incident.state, incident.severity, incident.source, incident.key) == ("firing", "warning", "wire", "TICKER:AAPL")
    assert incident.why
    assert desk.history() == ["opened"]
    assert desk.queued() == [(incident.id, "opened")]


def test_record_of_nothing_asks_nothing(desk: Any) -> None:
    assert desk.record() == desk.record()
    assert desk.incidents() == []


def test_record_of_the_same_again_changes_and_tells_nothing(desk: Any, turn: Any) -> None:
    desk.record(turn(until=2))
    before = desk.one(), desk.parts(), desk.history(), desk.queued()

    done = desk.record(turn(until=2), now=1)

    assert (desk.one(), desk.parts(), desk.history(), desk.queued()) == before
    assert (done.n_opened, done.n_resolved) == (0, 0)


def test_record_of_a_turn_that_is_over_opens_and_resolves_at_once(desk: Any, turn: Any) -> None:
    done = desk.record(turn(until=2))

    assert (done.n_opened, done.n_resolved) == (1, 1)
    assert (desk.one().state, desk.one().resolution) == ("resolved", "calm again")
    assert desk.history() == ["opened", "resolved"]
    assert [change for _, change in desk.queued()] == ["opened", "resolved"]


def test_record_updates_a_part_that_lasts_and_resolves_the_incident_with_its_last_part(desk: Any, turn: Any, noon: Any) -> None:
    desk.record(turn(), turn(rule="negatives", metric="negatives"))
    desk.record(turn(until=1), turn(rule="negatives", metric="negatives", judged=1))
    assert desk.one().state == "firing"

    desk.record(turn(rule="negatives", metric="negatives", until=3))

    assert (desk.one().state, desk.one().resolved_at) == ("resolved", noon + timedelta(hours=3))
    assert [change for _, change in desk.queued()] == ["opened", "resolved"]


def test_record_follows_the_least_likely_part_and_keeps_the_fingerprint(desk: Any, turn: Any) -> None:
    desk.record(turn(dimension="source"))
    first = desk.one()

    desk.record(turn(dimension="source", judged=1), turn(1, dimension="topic", key="earnings", p_value=1e-20))

    incident = desk.one()
    assert (incident.dimension, incident.key, incident.n_parts) == ("topic", "earnings", 2)
    assert incident.opened_at == first.opened_at
    assert incident.fingerprint == first.fingerprint
    assert incident.why != first.why
    assert desk.history() == ["opened", "joined", "updated"]
    assert [change for _, change in desk.queued()] == ["opened"]


def test_record_keeps_two_that_have_nothing_in_common_apart(desk: Any, turn: Any) -> None:
    desk.record(turn(), turn(key="TICKER:FB"))

    assert [one.key for one in desk.incidents()] == ["TICKER:AAPL", "TICKER:FB"]


def test_record_joins_entities_that_share_their_negative_records(desk: Any, feed: Any, post: Any, turn: Any, noon: Any) -> None:
    both = [post(noon - timedelta(minutes=5 * n), "negative", None, ("TICKER:AAPL", "ORG:apple")) for n in range(1, 11)]
    other = [post(noon - timedelta(minutes=5 * n), "negative", None, ("TICKER:FB",)) for n in range(1, 11)]
    feed.bring([*both, *other])

    desk.record(turn(), turn(key="ORG:apple"), turn(key="TICKER:FB"))

    assert [one.n_parts for one in desk.incidents()] == [2, 1]


def test_record_joins_an_entity_of_another_source(desk: Any, turn: Any) -> None:
    desk.record(turn())
    desk.record(turn(0.5, source_id=2), source_id=2)

    assert desk.one().n_parts == 2
    assert desk.history()[:2] == ["opened", "joined"]


def test_record_of_two_sources_at_once_makes_one_incident_of_an_entity_in_both(desk: Any, turn: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: desk.record(turn(source_id=number), source_id=number), (1, 2)))

    assert desk.one().n_parts == 2


def test_record_grows_critical_and_says_so_once(desk: Any, turn: Any) -> None:
    desk.record(turn())
    for hour in (1, 2):
        desk.record(turn(judged=hour, observed=0.7, peak={"n": hour}))

    assert desk.one().severity == "critical"
    assert desk.history().count("escalated") == 1
    assert [change for _, change in desk.queued()] == ["opened", "escalated"]


def test_record_reopens_an_incident_whose_series_turns_again_soon(desk: Any, turn: Any) -> None:
    desk.record(turn(until=1))
    done = desk.record(turn(1.5))
    desk.record(turn(1.5, until=3))

    assert done.n_opened == 1
    assert (desk.one().state, desk.one().n_reopened) == ("resolved", 1)
    assert [change for _, change in desk.queued()] == ["opened", "resolved", "opened-2", "resolved-2"]


def test_record_opens_another_incident_when_it_turns_again_later(desk: Any, turn: Any) -> None:
    desk.record(turn(until=1))
    desk.record(turn(3))

    assert [one.state for one in desk.incidents()] == ["resolved", "firing"]


def test_record_moves_a_part_that_late_records_open_earlier(desk: Any, turn: Any, noon: Any) -> None:
    desk.record(turn())
    [old] = desk.parts()

    desk.record(turn(-1, judged=1), withdrawn=(old,), judged_before=0)

    assert [one.opened_at for one in desk.parts()] == [noon - timedelta(hours=1)]
    assert desk.one().opened_at == noon - timedelta(hours=1)
    assert [change for _, change in desk.queued()] == ["opened"]


def test_record_closes_what_late_records_take_back_and_tells_who_was_told(desk: Any, turn: Any) -> None:
    desk.record(turn())

    done = desk.record(withdrawn=tuple(desk.parts()), judged_before=1)

    incident = desk.one()
    assert (done.n_resolved, incident.state, incident.resolution, incident.n_parts) == (1, "resolved", "late records took it back", 0)
    assert desk.history() == ["opened", "withdrawn", "resolved"]
    assert [change for _, change in desk.queued()] == ["opened", "resolved"]


def test_record_finds_again_what_was_taken_back(desk: Any, turn: Any) -> None:
    desk.record(turn())
    desk.record(withdrawn=tuple(desk.parts()), judged_before=1)

    desk.record(turn(judged=2), judged_before=1)

    assert (desk.one().state, desk.one().n_parts) == ("firing", 1)
    assert [change for _, change in desk.queued()] == ["opened", "resolved", "opened-2"]


def test_record_tells_nobody_of_what_was_found_late_and_is_over(desk: Any, turn: Any) -> None:
    desk.record(turn(until=2), judged_before=48)

    assert desk.one().state == "resolved"
    assert desk.history() == ["opened", "found late", "resolved"]
    assert desk.queued() == []


def test_record_tells_what_was_found_late_once_it_is_still_open_where_live_records_were_judged(desk: Any, turn: Any) -> None:
    desk.record(turn(judged=48), judged_before=48)
    assert desk.queued() == []

    desk.record(turn(judged=48.25), judged_before=48)

    assert [change for _, change in desk.queued()] == ["opened"]


def test_record_takes_back_quietly_what_nobody_was_told(desk: Any, turn: Any) -> None:
    desk.record(turn(judged=48), judged_before=48)
    desk.record(withdrawn=tuple(desk.parts()), judged_before=48)

    assert desk.one().state == "resolved"
    assert desk.queued() == []


def test_record_leaves_alone_what_a_person_ended_and_opens_another_for_a_new_turn(desk: Any, turn: Any) -> None:
    desk.record(turn())
    desk.act(incidents.resolve, 1, who="ana", why="priced in")

    desk.record(turn(judged=1, peak={"worse": True}))
    assert desk.one().state == "resolved"
    desk.record(turn(until=2), turn(2.25))

    assert [one.state for one in desk.incidents()] == ["resolved", "firing"]
    assert [change for _, change in desk.queued()] == ["opened", "opened"]


def test_record_keeps_an_acknowledged_incident_acknowledged(desk: Any, turn: Any) -> None:
    desk.record(turn())
    desk.act(incidents.acknowledge, 1, who="ana", why="on it")

    desk.record(turn(judged=1, peak={"worse": True}), turn(1, rule="negatives", metric="negatives"))

    assert (desk.one().state, desk.one().n_parts) == ("acknowledged", 2)


def test_record_in_pieces_groups_as_in_one(desk: Any, turn: Any) -> None:
    turns = [(0, 1), (0.5, 4), (4.5, 6), (9, 10)]
    rules = ["negative-share", "negatives", "negative-share", "negatives"]
    for (opened, ended), rule in zip(turns, rules, strict=True):
        desk.record(turn(opened, rule=rule))
        desk.record(turn(opened, until=ended, rule=rule))
    desk.record(*(turn(a, until=b, rule=rule, source_id=2, key="ORG:x") for (a, b), rule in zip(turns, rules, strict=True)), source_id=2)

    grouped = [(one.opened_at, one.resolved_at, one.n_parts) for one in desk.incidents()]
    assert grouped[:2] == grouped[2:]
    assert [one[2] for one in grouped] == [3, 1, 3, 1]


def test_record_explains_again_only_what_its_lead_changed(desk: Any, turn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.record(turn(p_value=1e-9), turn(rule="negatives", metric="negatives"))
    explained: list[Part] = []
    explain = recording.explain
    monkeypatch.setattr(recording, "explain", lambda session, lead, **known: explained.append(lead) or explain(session, lead, **known))

    desk.record(turn(judged=1, p_value=1e-9), turn(rule="negatives", metric="negatives", judged=1, peak={"worse": True}))
    assert explained == []
    desk.record(turn(judged=2, p_value=1e-9, peak={"worse": True}))

    assert [one.rule for one in explained] == ["negative-share"]
