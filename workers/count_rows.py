"""Read one line of a counts file, or say what is wrong with it and how to mend it; reading many at once is left to `counts_file`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.times import parse_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = (1 << 31) - 1
"""As many records as one row may count."""

_MICROSECOND = timedelta(microseconds=1)
_ANY_TIME = datetime(9000, 1, 1, tzinfo=UTC)
"""Counts may be made up, and lie in the future."""


@dataclass(frozen=True, slots=True)
class CountRow:
    """The records of one series in the bucket that starts `at` microseconds after the epoch."""

    at: int
    series: str
    n: int
    n_negative: int


class BadRow(Exception):
    """A line is no row of counts; the message says why and what to write instead."""


def read_row(raw: bytes, *, needs_negatives: bool) -> CountRow:
    """Read one line; without need of negatives a row may leave them out. Raise BadRow."""
    from workers.readers.jsonl import parse_object
    from workers.readers.rows import Unreadable

    try:
        fields = parse_object(raw)
    except Unreadable as error:
        raise BadRow(f'{error.detail}; write {{"at": ..., "series": ..., "n": ..., "n_negative": ...}}, one object a line') from None
    n = _count(fields, "n", needed=True)
    n_negative = _count(fields, "n_negative", needed=needs_negatives)
    if n_negative > n:
        raise BadRow(f"n_negative is {n_negative} of only {n} records: n counts all of them, the negative ones too")
    return CountRow(at=micros(_given(fields, "at")), series=_series(fields), n=n, n_negative=n_negative)


def micros(written: Any) -> int:
    """Return a time in microseconds since the epoch, however it is written; one without a zone is UTC. Raise BadRow."""
    try:
        return (parse_time(written, now=_ANY_TIME) - EPOCH) // _MICROSECOND
    except ValueError as error:
        raise BadRow(f"at: {error}") from None


def _given(fields: dict[str, Any], name: str) -> Any:
    if fields.get(name) is None:
        seen = f"; the row has {', '.join(sorted(fields))}" if fields else ""
        raise BadRow(f'"{name}" is missing{seen}')
    return fields[name]


def _series(fields: dict[str, Any]) -> str:
    series = _given(fields, "series")
    if isinstance(series, bool) or not isinstance(series, str | int):
        raise BadRow(f"series is {series!r}: write the name of the series")
    return str(series)


def _count(fields: dict[str, Any], name: str, *, needed: bool) -> int:
    if not needed and fields.get(name) is None:
        return 0
    value = _given(fields, name)
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    if not whole or abs(value) > MOST:
        raise BadRow(f"{name} is {value!r}: write a whole number of records")
    if value < 0:
        raise BadRow(f"{name} is {int(value)}: a count can't be negative; write 0, or leave the row out")
    return int(value)
