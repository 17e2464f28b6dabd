"""Turn what a scan found into incidents: store it, group it, let each incident say and stand as its parts now do, and queue what to tell.

The finding is left to `workers.judging`, the rules of grouping to `relation`, of severity to `severity`, of telling to `following`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from db import incidents, outbox, parts, silences
from db.incidents import Finding, IncidentView, Standing
from db.parts import Part, PartView
from db.sharing import count_shared
from workers.evidence import explain
from workers.incidents import following, relation
from workers.incidents.matching import Paired, pair
from workers.incidents.severity import severity_of
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.silences import SilenceView
    from db.watermarks import Held


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many incidents a scan opened (reopened ones among them), updated and resolved."""

    n_opened: int = 0
    n_updated: int = 0
    n_resolved: int = 0


@dataclass(slots=True)
class Touched:
    """What a scan did to one incident: the parts that are new or peaked anew, and whether it lost or regained any."""

    news: set[int] = field(default_factory=set)
    peaked: set[int] = field(default_factory=set)
    is_new: bool = False
    has_changed: bool = False


def record(
    session: "Session",
    *,
    held: "Held",
    found: Sequence[Part],
    withdrawn: Sequence[PartView],
    judged_before: datetime | None,
    now: datetime,
) -> Recorded:
    """Store what a scan of one source found, in the caller's transaction; call it once a span with the parts of all rules.

    Parts that opened at or before `judged_before` were found late: they are stored, and told only if they are still open where
    live records were judged. Storing the same again changes nothing.
    """
    if not found and not withdrawn:
        return Recorded()
    incidents.lock(session)
    touched: dict[int, Touched] = defaultdict(Touched)
    paired = _paired(session, found, withdrawn=withdrawn)
    _take_back(session, paired.gone, touched=touched, now=now)
    for old, part in paired.updated:
        parts.update_part(session, old.id, part=part)
        one = touched[old.incident_id]
        one.has_changed |= old.withdrawn
        if old.peak != part.peak:
            one.peaked.add(old.id)
    _place(session, paired.new, held=held, judged_before=judged_before, touched=touched)
    return refresh(session, touched, now=now)


def refresh(session: "Session", touched: "dict[int, Touched]", *, now: datetime, ending: str = following.CALM) -> Recorded:
    """Let incidents say and stand as their parts now do; what a person ended by hand stays as it was."""
    in_force = silences.read_in_force(session, now=now)
    by_incident: dict[int, list[PartView]] = defaultdict(list)
    for one in parts.read_parts_of(session, touched):
        by_incident[one.incident_id].append(one)
    before, after = [one for one in incidents.read_incidents(session, touched) if one.closed_by is None], []
    for incident in before:
        kept = [one for one in by_incident[incident.id] if not one.withdrawn]
        after.append(_refresh(session, incident, kept=kept, touched=touched[incident.id], now=now, in_force=in_force, ending=ending))
    return _counted(before, after, touched=touched)


def _paired(session: "Session", found: Sequence[Part], *, withdrawn: Sequence[PartView]) -> Paired:
    since = min(one.opened_at for one in (*found, *withdrawn))
    stored = parts.read_turns(session, {one.fingerprint for one in (*found, *withdrawn)}, since=since)
    return pair(found, stored=stored, withdrawn=withdrawn)


def _take_back(session: "Session", gone: Sequence[PartView], *, touched: dict[int, Touched], now: datetime) -> None:
    parts.withdraw_parts(session, [one.id for one in gone], at=now)
    for one in gone:
        touched[one.incident_id].has_changed = True
        incidents.add_event(session, one.incident_id, who="scan", what="withdrawn", detail=_named(one))


def _place(session: "Session", new: Sequence[Part], *, held: "Held", judged_before: datetime | None, touched: dict[int, Touched]) -> None:
    """Store new parts, each with the incident it belongs to or as the first of another."""
    if not new:
        return
    regroup, shared = settings().alerts.regroup, partial(count_shared, session)
    groups = _near(session, new, held=held, regroup=regroup)
    for part in relation.in_order(new):
        late_before = judged_before if judged_before and part.opened_at <= judged_before else None
        chosen = relation.choose(part, groups, regroup=regroup, shared=shared)
        if chosen is None:
            chosen = incidents.open_incident(session, Finding.of(part))
            touched[chosen].is_new = True
        else:
            incidents.add_event(session, chosen, who="scan", what="joined", detail=_named(part))
        touched[chosen].news.add(parts.add_part(session, part, incident_id=chosen, late_before=late_before))
        groups.setdefault(chosen, []).append(part)
        if late_before:
            incidents.add_event(session, chosen, who="scan", what="found late", detail=_named(part))


def _near(session: "Session", new: Sequence[Part], *, held: "Held", regroup: timedelta) -> dict[int, list[Part]]:
    """Return the parts that new ones may belong with, by incident."""
    since = min(one.opened_at for one in new) - regroup
    until = max(one.resolved_at or one.last_judged_at for one in new) + regroup
    keys = {one.key for one in new if one.dimension == "entity"}
    groups: dict[int, list[Part]] = defaultdict(list)
    for one in parts.read_near(session, source_id=held.id, keys=keys, since=since, until=until):
        groups[one.incident_id].append(one)
    return groups


def _refresh(
    session: "Session",
    incident: IncidentView,
    *,
    kept: Sequence[PartView],
    touched: Touched,
    now: datetime,
    in_force: "Sequence[SilenceView]",
    ending: str,
) -> Standing:
    """Let one incident say and stand as its parts now do; return how it stands."""
    chosen = settings().alerts
    current = [one for one in kept if one.resolved_at is None or one.id in touched.news]
    situation = following.Situation(
        parts=current,
        severity=severity_of(current, chosen=chosen),
        now=now,
        silences=in_force,
        news=touched.news,
        is_new=touched.is_new,
        ending=ending if kept else following.WITHDRAWN,
    )
    step = following.follow(Standing() if touched.is_new else incident.standing, situation)
    finding = _finding(session, incident, kept=kept, touched=touched)
    incidents.update_incident(session, incident.id, finding=finding, standing=step.standing)
    if finding.why != incident.why and not touched.is_new:
        incidents.add_event(session, incident.id, who="scan", what="updated", detail={"why": finding.why})
    tell(session, incident.id, step=step)
    return step.standing


def tell(session: "Session", incident_id: int, *, step: following.Step) -> None:
    """Note a step's events and queue its changes for every notifier."""
    for what, detail in step.events:
        incidents.add_event(session, incident_id, who="scan", what=what, detail=detail)
    for change in step.changes:
        outbox.queue_notifications(session, incident_id, change=change, notifiers=settings().alerts.notifiers)


def _finding(session: "Session", incident: IncidentView, *, kept: Sequence[PartView], touched: Touched) -> Finding:
    """Return what an incident says: the figures of its lead, over the time of all its parts; explained anew where they changed."""
    same = {name: getattr(incident, name) for name in Finding.__dataclass_fields__}
    if not kept:
        return Finding(**same | {"resolved_at": incident.resolved_at or incident.last_judged_at})
    lead = relation.lead(kept)
    if touched.news or touched.has_changed or lead.id in touched.peaked or _told_of(incident) != _told_of(lead):
        explained = explain(session, lead, source=lead.source, parts=kept)
        same |= asdict(Finding.of(lead, why=explained.why, evidence=explained.evidence))
    span = {
        "fingerprint": incident.fingerprint,
        "opened_at": min(one.opened_at for one in kept),
        "last_judged_at": max(one.last_judged_at for one in kept),
        "resolved_at": None if any(one.resolved_at is None for one in kept) else max(one.resolved_at for one in kept if one.resolved_at),
    }
    return Finding(**same | span)


def _told_of(one: Finding | Part) -> tuple[int, str, str, str, datetime]:
    return one.source_id, one.rule, one.dimension, one.key, one.peak_at


def _counted(before: Sequence[IncidentView], after: Sequence[Standing], *, touched: "Mapping[int, Touched]") -> Recorded:
    fresh = [touched[old.id].is_new or new.n_reopened > old.n_reopened for old, new in zip(before, after, strict=True)]
    ended = [
        new.state == "resolved" and (is_fresh or old.state != "resolved") for old, new, is_fresh in zip(before, after, fresh, strict=True)
    ]
    return Recorded(n_opened=sum(fresh), n_updated=len(fresh) - sum(fresh), n_resolved=sum(ended))


def _named(part: Part) -> dict[str, str]:
    """Return how an event names a part."""
    return {"rule": part.rule, "dimension": part.dimension, "key": part.key, "at": part.opened_at.isoformat()}
