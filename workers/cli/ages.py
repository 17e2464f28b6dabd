"""Times as people say them; times for programs are ISO 8601."""

from datetime import UTC, datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def age(at: datetime, *, now: datetime | None = None) -> str:
    """Return how long ago `at` was, in its largest unit."""
    seconds = max(0, int(((now or datetime.now(UTC)) - at).total_seconds()))
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds // size} {unit}"
