from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from db.incoming import content_hash, take_turns
from pipelines.records import Kind, Record

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["one", "two", "three"])), max_size=40))
def test_take_turns_replays_the_call(pairs: list[tuple[str, str]]) -> None:
    turns = take_turns([Record("s", external_id, Kind.NEWS, body, NOON) for external_id, body in pairs])

    staged = [one for turn in turns for one in turn.staged.values()]
    positions = [position for one in staged for position in (one.position, *one.repeats)]
    assert sorted(positions) == list(range(len(pairs)))
    for external_id in "abc":
        changes = [turn.staged[external_id].text for turn in turns if external_id in turn.staged]
        sent = [body for name, body in pairs if name == external_id]
        assert changes == [body for n, body in enumerate(sent) if n == 0 or body != sent[n - 1]]


def test_content_hash_tells_title_from_text() -> None:
    assert content_hash(Kind.NEWS, "ab", "c") != content_hash(Kind.NEWS, "a", "bc")


def test_content_hash_takes_no_title_and_an_empty_one_for_the_same() -> None:
    assert content_hash(Kind.NEWS, None, "c") == content_hash(Kind.NEWS, "", "c")
