from datetime import UTC, datetime, timedelta

import pytest

from workers import spans
from workers.errors import UsageError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("90m", NOW - timedelta(minutes=90)),
        (" 2W ", NOW - timedelta(weeks=2)),
        ("2014-01-27", datetime(2014, 1, 27, tzinfo=UTC)),
        ("2014-01-27T21:30+01:00", datetime(2014, 1, 27, 20, 30, tzinfo=UTC)),
    ],
)
def test_since_reads_durations_and_dates(written: str, expected: datetime) -> None:
    assert spans.since(written, now=NOW) == expected


@pytest.mark.parametrize("written", ["yesterday", "7", "", "-3d", "2014-13-01"])
def test_since_says_how_to_write_it(written: str) -> None:
    with pytest.raises(UsageError, match="7d, 12h"):
        spans.since(written, now=NOW)


def test_duration_refuses_a_date() -> None:
    with pytest.raises(UsageError, match="90m, 12h, 7d or 2w"):
        spans.duration("2014-01-27")


@pytest.mark.parametrize("written", ["99999999999999999w", "6000w", "40000d"])
def test_duration_refuses_what_is_longer_than_anybody_waits(written: str) -> None:
    with pytest.raises(UsageError, match="hundred years"):
        spans.duration(written)


def test_moment_reads_dates_and_times_and_says_how_to_write_them() -> None:
    assert spans.moment("2014-01-27T21:30+01:00") == datetime(2014, 1, 27, 20, 30, tzinfo=UTC)
    for written in ("7d", "soon", "9999-12-31T23:00-10:00"):
        with pytest.raises(UsageError, match="2026-01-31"):
            spans.moment(written)


def test_after_adds_a_duration_and_refuses_to_leave_the_calendar() -> None:
    assert spans.after(NOW, "12h") == NOW + timedelta(hours=12)
    with pytest.raises(UsageError, match="beyond the year"):
        spans.after(datetime(9999, 12, 31, tzinfo=UTC), "7d")
