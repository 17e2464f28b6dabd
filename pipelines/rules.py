"""When a window is a turn, as the detector reads it; how users write it is left to `workers.alert_settings`."""

from dataclasses import dataclass
from typing import Literal

from pipelines.rhythm import Rhythm


@dataclass(frozen=True, slots=True)
class Rule:
    """When a window is a turn; lengths are in buckets, of which there are `per_day` a day."""

    metric: Literal["share", "negatives", "volume"]
    window: int
    baseline: int
    season: int
    resolves_after: int
    min_records: int
    min_negatives: int
    min_baseline_records: int
    min_ratio: float
    false_per_bucket: float
    resolves_above_p: float
    per_day: float

    @property
    def rhythm(self) -> Rhythm:
        """How the buckets lie in hours and days."""
        return Rhythm(self.per_day)

    @property
    def lengths(self) -> list[int]:
        """The lengths of window that are judged, shortest first."""
        return [*(1 << power for power in range(self.window.bit_length()) if 1 << power < self.window), self.window]
