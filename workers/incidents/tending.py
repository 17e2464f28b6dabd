"""Look after open incidents between findings: silences that begin or end, reminders, rules that are gone; call it once a scan."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from db import incidents, parts, silences
from db.incidents import IncidentView
from db.parts import PartView
from workers.incidents import following
from workers.incidents.recording import Recorded, Touched, refresh, tell
from workers.incidents.severity import severity_of
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.silences import SilenceView

RULE_GONE = "its rule is no longer in force"


def tend(session: "Session", *, rules: Collection[str], now: datetime) -> Recorded:
    """Bring every open incident up to date with the wall clock; `rules` names all rules in force, whose turns are still judged."""
    incidents.lock(session)
    retired = parts.retire_parts(session, rules=rules)
    done = refresh(session, {one: Touched() for one in retired}, now=now, ending=RULE_GONE)
    in_force = silences.read_in_force(session, now=now)
    open_ones = incidents.read_open(session)
    current: dict[int, list[PartView]] = defaultdict(list)
    for part in parts.read_parts_of(session, [one.id for one in open_ones]):
        if part.resolved_at is None and not part.withdrawn:
            current[part.incident_id].append(part)
    for incident in open_ones:
        if incident.id in current:
            _tend(session, incident, current=current[incident.id], in_force=in_force, now=now)
    return done


def _tend(session: "Session", incident: IncidentView, *, current: list[PartView], in_force: "list[SilenceView]", now: datetime) -> None:
    chosen = settings().alerts
    severity = severity_of(current, chosen=chosen)
    step = following.follow(incident.standing, following.Situation(parts=current, severity=severity, now=now, silences=in_force))
    again = following.remind(step.standing, last_judged_at=incident.last_judged_at, now=now, waits=chosen.remind_after)
    step = replace(again, events=[*step.events, *again.events], changes=[*step.changes, *again.changes])
    if step.standing != incident.standing:
        incidents.update_incident(session, incident.id, standing=step.standing)
        tell(session, incident.id, step=step)
