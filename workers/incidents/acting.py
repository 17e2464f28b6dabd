"""What people do about incidents: acknowledge, resolve, silence; who asked is left to the terminal and the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from db import incidents, outbox, silences
from db.silences import fits
from workers.alert_settings import LABELS
from workers.errors import Conflict, NotFound, UsageError
from workers.incidents.severity import RANKS
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_VALUES = {
    "dimension": ("source", "topic", "entity"),
    "metric": ("share", "negatives", "volume", "silence"),
    "severity": RANKS,
}
"""Labels of which all values are known, so that a slip of the pen can be told."""


def acknowledge(session: "Session", incident_id: int, *, who: str, why: str) -> None:
    """Take a firing incident on: it is no longer brought to mind, and stays open until its parts are calm."""
    if not incidents.acknowledge(session, incident_id, who=who, why=why):
        raise _refusal(session, incident_id)


def resolve(session: "Session", incident_id: int, *, who: str, why: str) -> None:
    """End an incident by hand, and tell those who were told of it; its parts go on quietly, a new turn opens another incident."""
    if not incidents.resolve(session, incident_id, who=who, why=why):
        raise _refusal(session, incident_id)
    found = incidents.read_incident(session, incident_id)
    if found and found.told_at:
        change = f"resolved-{found.n_reopened + 1}" if found.n_reopened else "resolved"
        outbox.queue_notifications(session, incident_id, change=change, notifiers=settings().alerts.notifiers)


def silence(
    session: "Session", *, matcher: Mapping[str, str], starts_at: datetime, ends_at: datetime, author: str, reason: str, now: datetime
) -> int:
    """Keep notifications about matching incidents back for a while; return the silence's id. Raise UsageError where it makes no sense."""
    if fault := _fault(matcher):
        raise UsageError(fault)
    if not reason.strip():
        raise UsageError("a silence needs a reason: others will ask")
    if ends_at <= max(starts_at, now):
        raise UsageError("a silence must end after it starts, and after now")
    return silences.add_silence(session, matcher=matcher, starts_at=starts_at, ends_at=ends_at, author=author, reason=reason)


def unsilence(session: "Session", silence_id: int, *, who: str, now: datetime) -> None:
    """End a silence before its time; the next scan lets out what it kept back and still fires."""
    if silences.end_silence(session, silence_id, who=who, now=now):
        return
    if silences.read_silence(session, silence_id) is None:
        raise NotFound(f"there is no silence {silence_id}; `bellwether alerts silence list --all` shows those there are")
    raise Conflict(f"silence {silence_id} is over already")


def _fault(matcher: Mapping[str, str]) -> str | None:
    """Say why a matcher can't be meant so; None where it can."""
    if not matcher:
        return f"a silence of everything would hide the next real turn: name at least one of {', '.join(LABELS)}"
    if unknown := sorted(set(matcher) - set(LABELS)):
        return f"an incident has no label {', '.join(unknown)}; it has {', '.join(LABELS)}"
    if odd := sorted(name for name, value in matcher.items() if value == "*" or "*" in value[:-1] or (not value and name != "key")):
        return f"{odd[0]}={matcher[odd[0]]!r} can't be matched: write a value, or its beginning and a * at the end"
    for name, known in _VALUES.items():
        if name in matcher and not any(fits(one, matcher[name]) for one in known):
            return f"{name}={matcher[name]!r} matches nothing: it is {' or '.join(known)}"
    return None


def _refusal(session: "Session", incident_id: int) -> Conflict | NotFound:
    found = incidents.read_incident(session, incident_id)
    if found is None:
        return NotFound(f"there is no incident {incident_id}; `bellwether alerts list` shows those there are")
    return Conflict(f"incident {incident_id} is {found.state}: there is nothing to change")
