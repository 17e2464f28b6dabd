"""Post incidents to an Alertmanager as its API v2 takes alerts, and keep them firing there; routing them on is left to it.

An alert is known there by its labels, so what becomes more severe ends under its old severity and begins under its new one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.alert_settings import Notifier as NotifierSettings
from workers.notifiers.message import Message
from workers.notifiers.posting import Poster, encoded, poster_of

NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""How Alertmanager writes an end that is not known."""


class Alertmanager:
    """Posts to one Alertmanager."""

    def __init__(self, poster: Poster, *, holds: timedelta) -> None:
        """Take who posts, and how long an alert is to go on firing without a word from here."""
        self.poster, self.holds = poster, holds

    def notify(self, message: Message) -> None:
        """Post the alert."""
        self.poster.post(encoded(self._alerts(message, now=datetime.now(UTC))))

    def keep(self, messages: Sequence[Message]) -> None:
        """Post alerts that still fire, all in one: an Alertmanager forgets them when it restarts."""
        now = datetime.now(UTC)
        self.poster.post(encoded([alert for message in messages for alert in self._alerts(message, now=now)]))

    def _alerts(self, message: Message, *, now: datetime) -> list[dict[str, Any]]:
        told = replace(message, starts_at=min(message.starts_at, now))  # what began later could not have ended by now
        if message.status == "resolved":
            return [alert_of(told, ends_at=min(message.ends_at or now, now))]
        alert = alert_of(told, ends_at=message.ends_at or now + self.holds)
        return [alert, _milder(told, ended=now)] if message.kind_of_change == "escalated" else [alert]


def alert_of(message: Message, *, ends_at: datetime) -> dict[str, Any]:
    """Return one alert as Alertmanager's API v2 takes it; it ends where it begins, should it end before."""
    told = {
        "labels": dict(message.labels),
        "annotations": dict(message.annotations),
        "startsAt": _rfc3339(message.starts_at),
        "endsAt": _rfc3339(ends_at if ends_at == NEVER else max(ends_at, message.starts_at)),
    }
    return {**told, "generatorURL": message.link} if message.link else told


def _milder(message: Message, *, ended: datetime) -> dict[str, Any]:
    """Return the end of the alert that a critical one was before it escalated."""
    return alert_of(replace(message, labels={**message.labels, "severity": "warning"}), ends_at=ended - timedelta(seconds=1))


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make(chosen: NotifierSettings) -> Alertmanager:
    """Return a notifier of an Alertmanager."""
    return Alertmanager(poster_of(chosen, path="/api/v2/alerts"), holds=chosen.holds)
