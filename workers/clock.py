"""Number buckets of event time, and write a rule in them as the detector reads it; stored turns are left to `turns`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workers.alert_settings import Rule

if TYPE_CHECKING:
    from pipelines.rules import Rule as DetectorRule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Numbers buckets of one width from the epoch on."""

    bucket: timedelta

    def number(self, at: datetime) -> int:
        """Return the bucket that starts at `at`, or holds it."""
        return (at - EPOCH) // self.bucket

    def time(self, number: int) -> datetime:
        """Return when a bucket starts."""
        return EPOCH + number * self.bucket

    def length(self, span: timedelta) -> int:
        """Return how many buckets fill a span, at least one."""
        return max(1, span // self.bucket)


def detector_rule(rule: Rule, *, clock: Clock) -> "DetectorRule":
    """Return a rule as the detector reads it: lengths in buckets, the budget of false incidents by bucket."""
    from pipelines.rules import Rule as DetectorRule

    same = ("metric", "min_records", "min_negatives", "min_baseline_records", "min_ratio", "resolves_above_p")
    return DetectorRule(
        **{name: getattr(rule, name) for name in same},
        **{name: clock.length(getattr(rule, name)) for name in ("window", "baseline", "season", "resolves_after")},
        false_per_bucket=rule.false_incidents / 1000 * (clock.bucket / timedelta(days=1)),
        per_day=timedelta(days=1) / clock.bucket,
    )
