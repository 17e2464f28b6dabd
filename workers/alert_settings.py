"""Settings of the alert scan: what is worth an incident, whom to tell; where they are read from is left to `workers.settings`."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Section(BaseModel):
    """A group of settings; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Section):
    """When a series is worth an incident."""

    metric: Literal["share", "negatives", "volume"] = Field(
        "share",
        description="The share of negatives, their number where the volume does not explain it, or the number of records.",
    )
    window: timedelta = Field(timedelta(days=1), description="The longest stretch judged; halves of it are too, down to a bucket.")
    baseline: timedelta = Field(
        timedelta(days=7),
        description="The recent past that says what is usual; what lasts for half of it is the new normal.",
    )
    season: timedelta = Field(timedelta(days=28), description="The longer past from which the shape of days and weeks is learnt.")
    min_records: int = Field(10, ge=1, description="Fewer records in a window open nothing.")
    min_negatives: int = Field(5, ge=1, description="Fewer negatives in a window open nothing; a volume is judged without them.")
    min_baseline_records: int = Field(50, ge=0, description="Fewer records in the baseline, and a share is not judged.")
    dimensions: tuple[Literal["source", "topic", "entity"], ...] = Field(
        ("source", "topic", "entity"), description="Which series the rule judges."
    )
    false_incidents: float = Field(
        0.2,
        gt=0,
        le=1000,
        description="False incidents to expect in 1,000 days of a series: says how unlikely a turn must be.",
    )
    resolves_above_p: float = Field(1e-2, gt=0, lt=1, description="Probability above which a window counts as calm again.")
    resolves_after: timedelta = Field(timedelta(hours=1), description="How long it must be calm before an incident resolves.")
    min_ratio: float = Field(1.5, ge=1, description="Observed over expected below which nothing opens.")

    @model_validator(mode="after")
    def _spans(self) -> "Rule":
        if not timedelta(0) < self.window <= self.baseline <= self.season:
            raise ValueError("a rule needs 0 < window <= baseline <= season: shorten the window, or lengthen the baseline or the season")
        if self.resolves_after <= timedelta(0):
            raise ValueError("resolves_after must be longer than nothing, or incidents flap: PT1H is usual")
        if not self.dimensions:
            raise ValueError("a rule without dimensions judges nothing: name source, topic or entity")
        return self


DEFAULT_RULES = {
    "negative-share": Rule(),
    # Counts swing more than shares do, so a turn must stand out further.
    "negatives": Rule(metric="negatives", min_negatives=10, min_baseline_records=0, min_ratio=2),
}


class Notifier(Section):
    """Where incidents are told; `kind` names a file of `workers/notifiers`."""

    kind: Literal["console", "webhook"] = Field(description="A file of workers/notifiers.")
    url: str | None = Field(None, description="Where a webhook posts to.")
    secret: SecretStr | None = Field(None, description="What a webhook is signed with.")
    timeout: timedelta = Field(timedelta(seconds=10), description="How long the other side may take.")


class Alerts(Section):
    """The scan and whom it tells."""

    scan_every: timedelta = Field(timedelta(seconds=30), description="How often the watermark is looked at.")
    lateness: timedelta = Field(timedelta(minutes=15), description="How far event time may run behind before a bucket is judged.")
    idle: timedelta = Field(timedelta(seconds=5), description="A stream of the past that brought nothing for so long is judged to its end.")
    rules: dict[str, Rule] = Field(DEFAULT_RULES, description="The rules by name; naming any replaces the shipped two.")
    notifiers: dict[str, Notifier] = Field({"console": Notifier(kind="console")}, description="Whom to tell, by name.")
    regroup: timedelta = Field(
        timedelta(hours=1), ge=timedelta(0), description="A related series that turns so soon after an incident resolved reopens it."
    )
    critical_ratio: float = Field(
        3.0, gt=1, description="Observed over expected from which an incident is critical; a share also where so little is left unharmed."
    )
    critical_series: int = Field(8, ge=2, description="Different series turned at once from which an incident is critical.")
    remind_after: tuple[timedelta, ...] = Field(
        (timedelta(hours=4), timedelta(days=1), timedelta(days=3)),
        description="Waits before each reminder of what fires and nobody acknowledged; the last repeats. Empty: none.",
    )
    max_attempts: int = Field(8, ge=1, description="Attempts after which a notification is given up.")
    retry_backoff: timedelta = Field(timedelta(seconds=10), description="Wait after the first failed notification; doubles.")
