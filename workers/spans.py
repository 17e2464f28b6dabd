"""Read times and durations as people write them on a command line; what they bound is left to the caller."""

import re
from datetime import UTC, datetime, timedelta

from workers.errors import UsageError

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=36_525)
_DURATION = re.compile(r"(\d+)\s*([mhdw])")


def duration(written: str) -> timedelta:
    """Read `90m`, `12h`, `7d` or `2w`; raise UsageError naming the forms."""
    match = _DURATION.fullmatch(written.strip().lower())
    if not match:
        raise UsageError(f"{written!r} is not a duration: write 90m, 12h, 7d or 2w")
    try:
        span = int(match[1]) * _UNITS[match[2]]
    except OverflowError:
        span = timedelta.max
    if span > _LONGEST:
        raise UsageError(f"{written!r} is too long: a hundred years is the most")
    return span


def since(written: str, *, now: datetime) -> datetime:
    """Read a duration before `now`, or a date or time in ISO 8601 (UTC unless it says otherwise)."""
    if _DURATION.fullmatch(written.strip().lower()):
        return now - duration(written)
    try:
        return _moment(written)
    except (ValueError, OverflowError):
        raise UsageError(f"{written!r} is neither a duration nor a date: write 7d, 12h, 2026-01-31 or 2026-01-31T09:00Z") from None


def back_or_since(written: str) -> datetime | timedelta:
    """Read a duration as such, for callers that know what it goes back from, or a date or time in ISO 8601."""
    if _DURATION.fullmatch(written.strip().lower()):
        return duration(written)
    return since(written, now=datetime.now(UTC))


def moment(written: str) -> datetime:
    """Read a date or time in ISO 8601 (UTC unless it says otherwise)."""
    try:
        return _moment(written)
    except (ValueError, OverflowError):
        raise UsageError(f"{written!r} is no date or time: write 2026-01-31 or 2026-01-31T09:00Z") from None


def after(at: datetime, written: str) -> datetime:
    """Read a duration and return the moment so long after `at`; raise UsageError where the calendar ends before."""
    try:
        return at + duration(written)
    except OverflowError:
        raise UsageError(f"{written!r} after {at:%Y-%m-%d} is beyond the year 9999") from None


def _moment(written: str) -> datetime:
    at = datetime.fromisoformat(written.strip())
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
