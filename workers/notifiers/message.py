"""What a notifier is told of one change of an incident, in Alertmanager's words; how it is written down is left to each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from workers.alert_settings import Notifier as NotifierSettings
from workers.sentence import label

if TYPE_CHECKING:
    from db.incidents import IncidentView
    from db.parts import PartView


@dataclass(frozen=True, slots=True)
class Message:
    """One change of one incident. Times are event times; texts are masked.

    `delivery` is the same whenever the same message is sent again, `fingerprint` whenever the same incident is told of. `labels`
    stay the same as long as the incident lasts, save its severity. `ends_at` is None while nobody knows when it ends.
    """

    delivery: str
    change: str
    receiver: str
    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    link: str | None
    details: Mapping[str, Any]

    @property
    def kind_of_change(self) -> str:
        """The change without its number: opened, escalated, reminder, resolved."""
        return self.change.partition("-")[0]

    @property
    def status(self) -> Literal["firing", "resolved"]:
        """Whether somebody is to look at it, or may stop."""
        return "resolved" if self.kind_of_change == "resolved" else "firing"


def message_of(
    incident: "IncidentView", *, change: str, receiver: str, chosen: NotifierSettings, origin: Mapping[str, str] | None = None
) -> Message:
    """Return what `receiver` is told; `origin` has the labels of the part that opened the incident, by which it stays known."""
    about = origin or labels_of(incident)
    labels = {"alertname": about["rule"], "incident": str(incident.id), "severity": incident.severity, **about}
    ended = change.partition("-")[0] == "resolved"
    return Message(
        delivery=f"{incident.id}-{change}-{receiver}-{incident.created_at:%Y%m%dT%H%M%SZ}",
        change=change,
        receiver=receiver,
        fingerprint=incident.fingerprint,
        labels={name: value for name, value in labels.items() if value},
        annotations={"summary": _summary(incident, change=change), "description": incident.why},
        starts_at=incident.opened_at,
        ends_at=(incident.resolved_at or incident.last_judged_at) if ended else None,
        link=chosen.link.replace("{incident}", str(incident.id)) if chosen.link else None,
        details=_details(incident, change=change, examples=chosen.examples),
    )


def sample_message(*, receiver: str, chosen: NotifierSettings) -> Message:
    """Return a message that tells of nothing, to see whether it arrives."""
    now = datetime.now(UTC).replace(microsecond=0)
    told = "nothing has happened, this only shows that messages arrive"
    why = f"This is a test of the notifier {receiver}: {told}."
    return Message(
        delivery=f"0-test-{receiver}-{now:%Y%m%dT%H%M%SZ}",
        change="test",
        receiver=receiver,
        fingerprint="0" * 16,
        labels={"alertname": "BellwetherTest", "incident": "0", "severity": "warning", "rule": "test"},
        annotations={"summary": f"TEST: {told}", "description": why},
        starts_at=now,
        ends_at=now + timedelta(minutes=5),
        link=chosen.link.replace("{incident}", "0") if chosen.link else None,
        details={
            "change": "test",
            "incident": 0,
            "severity": "warning",
            "rule": "test",
            "metric": "test",
            "resolution": None,
            "why": why,
            "evidence": {},
        },
    )


def labels_of(one: "IncidentView | PartView") -> dict[str, str]:
    """Return what an incident, or a part of one, may be matched by, but for its severity; empty values too."""
    return {name: getattr(one, name) for name in ("source", "dimension", "key", "rule", "metric")}


def _summary(incident: "IncidentView", *, change: str) -> str:
    """Return a headline: how urgent, what, and from what to what."""
    kind, _, number = change.partition("-")
    head = {"resolved": "RESOLVED", "reminder": f"REMINDER {number}"}.get(kind, incident.severity.upper())
    series = label(incident.dimension, incident.key)
    where = f"{series} in {incident.source}" if series else incident.source
    return f"{head}: {where}, {_figures(incident)}"


def _figures(incident: "IncidentView") -> str:
    observed, expected = incident.observed, incident.expected
    if incident.metric == "share":
        return f"{observed:.0%} negative, {expected:.0%} expected"
    what = {"negatives": "negative records", "volume": "records"}.get(incident.metric)
    return f"{observed:,.0f} {what}, {expected:,.1f} expected" if what else "no records"


def _details(incident: "IncidentView", *, change: str, examples: bool) -> dict[str, Any]:
    """Return everything that Bellwether knows, in its own words."""
    evidence = dict(incident.evidence)
    if not examples:
        evidence = {name: value for name, value in evidence.items() if name not in {"examples", "words"}}
    return {
        "change": change,
        "incident": incident.id,
        "state": incident.state,
        "severity": incident.severity,
        "resolution": incident.resolution,
        "rule": incident.rule,
        "source": incident.source,
        "dimension": incident.dimension,
        "key": incident.key,
        "series": label(incident.dimension, incident.key) or incident.source,
        "metric": incident.metric,
        "observed": incident.observed,
        "expected": incident.expected,
        "p_value": incident.p_value,
        "n_records": incident.n,
        "n_negative": incident.n_negative,
        "opened_at": incident.opened_at.isoformat(),
        "peak_at": incident.peak_at.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "why": incident.why,
        "evidence": evidence,
    }
