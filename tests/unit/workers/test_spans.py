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
