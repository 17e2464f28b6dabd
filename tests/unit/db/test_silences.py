from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from db import silences
from db.silences import SilenceView

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LABELS = {"source": "wire", "dimension": "entity", "key": "TICKER:AAPL", "rule": "negatives", "metric": "negatives", "severity": "warning"}


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ({"key": "TICKER:AAPL"}, True),
        ({"key": "TICKER:*", "source": "wire"}, True),
        ({"key": "TICKER:*", "source": "desk"}, False),
        ({"key": "TICKER:AAP"}, False),
        ({"key": "ticker:*"}, False),
        ({"key": ""}, False),
        ({"severity": "critical"}, False),
        ({"nothing": "x"}, False),
    ],
)
def test_matches_every_label_that_the_matcher_names(matcher: dict[str, str], *, fits: bool) -> None:
    assert SilenceView(1, matcher, NOON, NOON, "ana", "known").matches(LABELS) is fits


def test_matches_the_beginning_of_a_value_and_takes_its_signs_literally() -> None:
    assert SilenceView(1, {"key": "ORG:a.b*"}, NOON, NOON, "ana", "known").matches({"key": "ORG:a.b c"})
    assert not SilenceView(1, {"key": "ORG:a.b*"}, NOON, NOON, "ana", "known").matches({"key": "ORG:axb c"})


def test_silences_are_in_force_from_their_start_until_they_end_or_are_ended(session: Session) -> None:
    number = _add(session, hours=2)

    def state(hour: float) -> tuple[str, int]:
        at = NOON + hour * HOUR
        [one] = silences.list_silences(session)
        return one.state(at), len(silences.read_in_force(session, now=at))

    assert [state(hour) for hour in (-1, 0, 1.9, 2)] == [("pending", 0), ("active", 1), ("active", 1), ("over", 0)]
    assert silences.end_silence(session, number, who="bo", now=NOON + HOUR)
    assert [state(hour) for hour in (0.5, 1)] == [("active", 1), ("over", 0)]


def test_end_silence_ends_one_once_and_says_who(session: Session) -> None:
    number = _add(session, hours=2)

    assert not silences.end_silence(session, 99, who="bo", now=NOON)
    assert not silences.end_silence(session, number, who="bo", now=NOON + 2 * HOUR)
    assert silences.end_silence(session, number, who="bo", now=NOON + HOUR)
    assert not silences.end_silence(session, number, who="cy", now=NOON + HOUR)

    found = silences.read_silence(session, number)
    assert found
    assert (found.author, found.ended_by, found.ended_at) == ("ana", "bo", NOON + HOUR)


def test_list_silences_shows_the_newest_first_and_leaves_out_what_is_over(session: Session) -> None:
    numbers = [_add(session, hours=hours) for hours in (1, 3, 5)]

    assert [one.id for one in silences.list_silences(session)] == numbers[::-1]
    assert [one.id for one in silences.list_silences(session, now=NOON + 2 * HOUR)] == numbers[:0:-1]
    assert silences.read_silence(session, 99) is None


def _add(session: Session, *, hours: float) -> int:
    return silences.add_silence(
        session, matcher={"source": "wire"}, starts_at=NOON, ends_at=NOON + hours * HOUR, author="ana", reason="known"
    )
