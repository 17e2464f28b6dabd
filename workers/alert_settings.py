"""Settings of the alert scan: what is worth an incident, whom to tell; where they are read from is left to `workers.settings`."""

from datetime import timedelta
from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Section(BaseModel):
    """A group of settings; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)  # what was given may hold a password


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
    min_ratio: float = Field(1.75, ge=1, description="Observed over expected below which nothing opens.")

    @model_validator(mode="after")
    def _spans(self) -> "Rule":
        if self.window <= timedelta(0):
            raise ValueError("an empty window judges nothing: write at least a bucket, such as PT15M")
        if not self.window <= self.baseline <= self.season:
            raise ValueError("a rule needs window <= baseline <= season: shorten the window, or lengthen the baseline or the season")
        if self.resolves_after <= timedelta(0):
            raise ValueError("resolves_after must be longer than nothing, or incidents flap: PT1H is usual")
        if not self.dimensions:
            raise ValueError("a rule without dimensions judges nothing: name source, topic or entity")
        return self


STANDARD: dict[str, Rule] = {
    "share": Rule(),
    # Counts swing more than shares do, so a turn must stand out further.
    "negatives": Rule(metric="negatives", min_negatives=10, min_baseline_records=0, min_ratio=2),
    # Bursts of one story come in trains: the hours between them are no end.
    "volume": Rule(metric="volume", min_baseline_records=0, min_ratio=2, resolves_after=timedelta(days=1)),
}
"""A rule for each metric."""

DEFAULT_RULES = {"negative-share": STANDARD["share"], "negatives": STANDARD["negatives"]}


NotifierKind = Literal["console", "webhook", "alertmanager", "email", "slack", "apprise"]
NotifierChange = Literal["opened", "escalated", "reminder", "resolved"]

LABELS = ("severity", "source", "dimension", "key", "rule", "metric")
"""What an incident may be matched by."""

_OF_EVERY_NOTIFIER = ("kind", "only", "examples", "link", "timeout")
NOTIFIER_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "console": ((), ("changes",)),
    "webhook": (("url",), ("changes", "secret", "token", "allow_private")),
    "alertmanager": (("url",), ("token", "holds", "allow_private")),  # which needs every change, to know what still fires
    "email": (("url", "sender", "to"), ("changes", "allow_private")),
    "slack": (("url",), ("changes", "allow_private")),
    "apprise": (("url",), ("changes", "allow_private")),
}
"""Kind -> what it needs, and what else it knows."""

_HTTP = ("https", "http")
NOTIFIER_SCHEMES = {"webhook": _HTTP, "alertmanager": _HTTP, "slack": _HTTP, "email": ("smtp", "smtps", "smtp+plain")}
"""Kind -> how its address may start; Apprise's own are its own matter."""


class Notifier(Section):
    """Where incidents are told; `kind` names a file of `workers/notifiers`, and decides which of these it needs and knows."""

    kind: NotifierKind = Field(description="A file of workers/notifiers.")
    url: SecretStr | None = Field(
        None,
        description="Where to: http(s):// of a webhook, an Alertmanager or a Slack-style hook; smtp://, smtps:// or smtp+plain:// of "
        "a mail relay; one of Apprise's addresses.",
    )
    token: SecretStr | None = Field(None, description="Sent as a bearer token, to a webhook or an Alertmanager.")
    secret: SecretStr | None = Field(None, description="What a webhook is signed with.")
    sender: str | None = Field(None, description="Whom an e-mail is from.")
    to: tuple[str, ...] = Field((), description="Whom an e-mail is for.")
    holds: timedelta = Field(
        timedelta(days=1), gt=timedelta(minutes=5), description="How long Alertmanager keeps an alert firing that it hears nothing more of."
    )
    only: dict[str, str] = Field(
        {}, description="Incidents to tell, by label: severity, source, dimension, key, rule, metric; a value may end in *. Empty: all."
    )
    changes: tuple[NotifierChange, ...] = Field(get_args(NotifierChange), description="Changes to tell.")
    examples: bool = Field(True, description="Whether example texts leave the building; they are masked in any case.")
    link: str | None = Field(None, description="Address of an incident for people; {incident} in it is its number.")
    allow_private: bool | None = Field(
        None, description="Whether it may reach addresses that are not public. None: e-mail may, since relays mostly are in-house."
    )
    timeout: timedelta = Field(timedelta(seconds=10), gt=timedelta(0), description="How long the other side may take, in all.")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Notifier":
        needs, knows = NOTIFIER_FIELDS[self.kind]
        if missing := [name for name in needs if not getattr(self, name)]:
            raise ValueError(f"kind {self.kind} needs {' and '.join(missing)}")
        every = {*needs, *knows, *_OF_EVERY_NOTIFIER}
        if unknown := sorted(self.model_fields_set - every):
            raise ValueError(f"kind {self.kind} knows no {' and no '.join(unknown)}; it knows {', '.join(sorted(every - {'kind'}))}")
        return self

    @model_validator(mode="after")
    def _reaches_somebody(self) -> "Notifier":
        schemes = NOTIFIER_SCHEMES.get(self.kind)
        if schemes and self.url and (fault := _fault_of(self.url.get_secret_value(), schemes=schemes)):
            raise ValueError(f"url: {fault}")  # without repeating it: it may hold a token or a password
        if stray := [one for one in (*self.to, self.sender or "@") if "@" not in one or not one.isprintable()]:
            raise ValueError(f"{stray[0]!r} is not an e-mail address")
        if unknown := sorted(set(self.only) - set(LABELS)):
            raise ValueError(f"only: an incident has no label {', '.join(unknown)}; it has {', '.join(LABELS)}")
        if not self.changes:
            raise ValueError(f"changes: a notifier of none tells nothing; name some of {', '.join(get_args(NotifierChange))}")
        return self


def _fault_of(url: str, *, schemes: tuple[str, ...]) -> str:
    """Say what is wrong with an address, in words that don't repeat it; empty where nothing is."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not url.isprintable() or " " in url:
        return f"write an address that starts with {' or '.join(f'{one}://' for one in schemes)}, then a host, without blanks"
    return ""


FEED_SILENT = "feed-silent"
"""The rule that watches feeds for silence; no other may have its name."""


class Silent(Section):
    """When a live feed that brings nothing at all is worth an incident, whatever the rules are."""

    enabled: bool = Field(True, description="Whether feeds are watched for silence.")
    least: timedelta = Field(timedelta(minutes=30), gt=timedelta(0), description="A shorter silence is never worth an incident.")
    min_expected: float = Field(10.0, gt=0, description="Records that must be missing by what is usual at that time of the week.")
    false_silences: float = Field(
        0.5, gt=0, le=1000, description="False silences to expect in 1,000 days of a feed: says how unlikely a silence must be."
    )
    slowest: timedelta = Field(
        timedelta(hours=2),
        gt=timedelta(0),
        description="A source whose newest records came later than this after they were written is no live feed.",
    )


LEAST_WAIT = timedelta(minutes=5)
"""The shortest wait between reminders."""


class Alerts(Section):
    """The scan and whom it tells."""

    scan_every: timedelta = Field(timedelta(seconds=30), description="How often the watermark is looked at.")
    lateness: timedelta = Field(timedelta(minutes=15), description="How far event time may run behind before a bucket is judged.")
    idle: timedelta = Field(timedelta(seconds=5), description="A stream of the past that brought nothing for so long is judged to its end.")
    rejudges: timedelta = Field(
        timedelta(days=1), ge=timedelta(0), description="How far behind what is judged a late record still makes it judged again."
    )
    rules: dict[str, Rule] = Field(DEFAULT_RULES, description="The rules by name; naming any replaces the shipped two.")
    silent: Silent = Silent()
    notifiers: dict[str, Notifier] = Field({"console": Notifier(kind="console")}, description="Whom to tell, by name.")
    regroup: timedelta = Field(
        timedelta(hours=1), ge=timedelta(0), description="A related series that turns so soon after an incident resolved reopens it."
    )
    critical_ratio: float = Field(
        3.0, gt=1, description="Observed over expected from which an incident is critical; a share also where its rest shrank as much."
    )
    critical_excess: int = Field(
        20, ge=0, description="Negatives (of a volume: records) beyond the expected, fewer than which make nothing critical by its ratio."
    )
    critical_series: int = Field(8, ge=2, description="Different series turned at once from which an incident is critical.")
    remind_after: tuple[timedelta, ...] = Field(
        (timedelta(hours=4), timedelta(days=1), timedelta(days=3)),
        description="Waits before each reminder of what fires and nobody acknowledged; the last repeats. Empty: none.",
    )
    max_attempts: int = Field(
        16, ge=1, description="Attempts after which a notification is given up; with the shipped waits, after some 7 h."
    )
    retry_backoff: timedelta = Field(
        timedelta(seconds=10),
        description="Wait after the first failed notification; doubles, up to an hour, unless the receiver names one.",
    )

    @model_validator(mode="after")
    def _names_are_free(self) -> "Alerts":
        if FEED_SILENT in self.rules:
            raise ValueError(f"rules.{FEED_SILENT}: that rule is built in and set under alerts.silent; choose another name")
        return self

    @model_validator(mode="after")
    def _reminders_widen(self) -> "Alerts":
        waits = self.remind_after
        if any(wait < LEAST_WAIT for wait in waits):
            raise ValueError(f"remind_after: whoever is reminded more often than every {LEAST_WAIT} stops reading; write PT4H and more")
        if list(waits) != sorted(waits):
            raise ValueError("remind_after: each wait must be at least as long as the one before; sort them")
        return self
