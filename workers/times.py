"""Reads the times people write, to aware UTC; what a missing one means is left to the caller."""

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

FUTURE_TOLERANCE = timedelta(days=1)
"""How far ahead of our clock a time may be: clocks differ, and naive local times read as UTC run up to 14 hours ahead."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[+-]?\d+(\.\d+)?")
_COMPACT = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))


def parse_time(value: Any, *, now: datetime) -> datetime:
    """Return `value` in UTC; a naive one is taken as UTC, a number as seconds, or by its size milli-, micro- or nanoseconds, of the epoch.

    Reads ISO 8601, dates alone, RFC 2822, datetime objects. Raises ValueError saying what was seen.
    """
    try:
        at = _utc(_read(value))
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"can't read {_shown(value)} as a time; write it as 2026-01-31T12:00:00Z") from None
    if at > now + FUTURE_TOLERANCE:
        raise ValueError(f"{_shown(value)} lies in the future")
    return at


def _read(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    return _read_number(value) if isinstance(value, float) else _read_text(str(value).strip())


def _read_number(value: float) -> datetime:
    per_second = next((unit for limit, unit in _UNITS if abs(value) < limit), None)
    if per_second is None:
        raise ValueError
    return _EPOCH + timedelta(seconds=value / per_second)


def _read_text(text: str) -> datetime:
    if _DIGITS.fullmatch(text):
        layout = _COMPACT.get(len(text))
        return datetime.strptime(text, layout).replace(tzinfo=UTC) if layout else _read_number(float(text))
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC").replace("/", "-"))
    except ValueError:
        return parsedate_to_datetime(text)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  # a line's worth
