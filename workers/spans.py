"""Read times and durations as people write them on a command line; what they bound is left to the caller."""

import re
from datetime import UTC, datetime, timedelta

from workers.errors import UsageError

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DURATION = re.compile(r"(\d+)\s*([mhdw])")


def duration(written: str) -> timedelta:
    """Read `90m`, `12h`, `7d` or `2w`; raise UsageError naming the forms."""
    match = _DURATION.fullmatch(written.strip().lower())
    if not match:
        raise UsageError(f"{written!r} is not a duration: write 90m, 12h, 7d or 2w")
    return int(match[1]) * _UNITS[match[2]]


def since(written: str, *, now: datetime) -> datetime:
    """Read a duration before `now`, or a date or time in ISO 8601 (UTC unless it says otherwise)."""
    if _DURATION.fullmatch(written.strip().lower()):
        return now - duration(written)
    try:
        at = datetime.fromisoformat(written.strip())
    except ValueError:
        raise UsageError(f"{written!r} is neither a duration nor a date: write 7d, 12h, 2026-01-31 or 2026-01-31T09:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
