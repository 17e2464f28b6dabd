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

    return DetectorRule(
        metric=rule.metric,
        window=clock.length(rule.window),
        baseline=clock.length(rule.baseline),
        season=clock.length(rule.season),
        resolves_after=clock.length(rule.resolves_after),
        min_records=rule.min_records,
        min_negatives=rule.min_negatives,
        min_baseline_records=rule.min_baseline_records,
        min_ratio=rule.min_ratio,
        false_per_bucket=rule.false_incidents / 1000 * (clock.bucket / timedelta(days=1)),
        resolves_above_p=rule.resolves_above_p,
        per_day=timedelta(days=1) / clock.bucket,
    )
