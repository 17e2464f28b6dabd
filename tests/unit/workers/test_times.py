from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.times import parse_time

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MORNING = datetime(2024, 1, 2, 10, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-02T10:11:12Z",
        "2024-01-02 10:11:12",
        "2024/01/02 10:11:12",
        "2024-01-02 10:11:12 UTC",
        "2024-01-02T15:41:12+05:30",
        "20240102T101112Z",
        "20240102101112",
        "Tue, 02 Jan 2024 10:11:12 GMT",
        "Tue Jan 02 10:11:12 +0000 2024",
        " 1704190272 ",
        1704190272,
        1704190272.0,
        1704190272000,
        "1704190272000",
        1704190272000000,
        1704190272000000000,
        MORNING,
        MORNING.replace(tzinfo=None),
        MORNING.astimezone(timezone(timedelta(hours=-8))),
    ],
)
def test_parse_time_reads_what_people_write(value: Any) -> None:
    at = parse_time(value, now=NOW)

    assert at == MORNING
    assert at.tzinfo is UTC


@pytest.mark.parametrize("value", ["2024-01-02", "20240102", 20240102, date(2024, 1, 2), "2024-W01-2"])
def test_parse_time_reads_a_date_alone_as_its_midnight(value: Any) -> None:
    assert parse_time(value, now=NOW) == datetime(2024, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["yesterday", "01/02/2024", "2024-02-30", "", "99999999", True, [], float("nan"), 1e300, "9" * 400, "0000-00-00"]
)
def test_parse_time_says_what_it_could_not_read(value: Any) -> None:
    with pytest.raises(ValueError, match="can't read"):
        parse_time(value, now=NOW)


def test_parse_time_refuses_the_future_but_not_a_clock_that_runs_ahead() -> None:
    assert parse_time("2026-11-24T02:00:00", now=NOW)
    with pytest.raises(ValueError, match="future"):
        parse_time("2027-01-01", now=NOW)


@given(st.datetimes(max_value=datetime(2026, 1, 1)), st.sampled_from([UTC, timezone(timedelta(hours=9))]))  # noqa: DTZ001  # hypothesis wants it naive
def test_parse_time_reads_every_iso_time_it_could_have_written(naive: datetime, zone: timezone) -> None:
    at = naive.replace(year=max(naive.year, 1900), tzinfo=zone)

    assert parse_time(at.isoformat(), now=NOW) == at


@given(st.text() | st.integers() | st.floats())
def test_parse_time_raises_nothing_but_value_error(value: Any) -> None:
    with suppress(ValueError):
        assert parse_time(value, now=NOW).tzinfo is UTC
