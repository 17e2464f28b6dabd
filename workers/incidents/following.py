"""Decide how an incident stands after a scan, what its history notes and what people are told; storing all that is left to the callers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from db.incidents import Standing
from db.parts import PartView
from db.silences import SilenceView
from workers.incidents.severity import RANKS, worse

WITHDRAWN, CALM = "late records took it back", "calm again"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of an incident now: its parts that are open or new, whether any is open, and what is asked of it.

    `news` are the ids of parts that this scan found first; `is_new` is that of the incident itself. `ending` says why it
    ends, where no part is open.
    """

    parts: Sequence[PartView]
    severity: str
    now: datetime
    silences: Sequence[SilenceView] = ()
    news: Collection[int] = ()
    is_new: bool = False
    ending: str = CALM

    @property
    def is_on(self) -> bool:
        """Whether any part is open."""
        return any(one.resolved_at is None for one in self.parts)

    @property
    def is_told(self) -> bool:
        """Whether any part is worth telling: found in time, or found late and still open where live records were judged."""
        return any(_worth_telling(one) for one in self.parts)


@dataclass(frozen=True, slots=True)
class Step:
    """How an incident stands now, the events that led there, and the changes to tell."""

    standing: Standing
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()
    changes: Sequence[str] = ()


def follow(before: Standing, situation: Situation) -> Step:
    """Return where an incident stands after a scan.

    It reopens when a part is open again or a new one joins; grows graver, never milder, while it lasts; is told once it is
    worth it and no silence keeps it back; and resolves when no part is open. A resolution is told whenever the opening was,
    under a silence too, for else the receiver's page would stay open for ever.
    """
    step = Step(replace(before, severity=situation.severity) if situation.is_new else before)
    for one in (_reopened, _graver, _silenced, _told, _resolved):
        step = one(step, situation)
    suffix = f"-{step.standing.n_reopened + 1}" if step.standing.n_reopened else ""
    return replace(step, changes=[f"{change}{suffix}" for change in step.changes])


def remind(standing: Standing, *, last_judged_at: datetime, now: datetime, waits: Sequence[timedelta]) -> Step:
    """Return the step that brings an incident to mind again, where that is due; its change has the reminder's number.

    Only what fires, was told and is not silenced, and only while its stream lives: an incident nobody judged for as long as
    the wait is old news, and a feed that fell silent is told by itself.
    """
    if not waits or standing.state != "firing" or standing.silenced_at or not standing.told_at:
        return Step(standing)
    wait = waits[min(standing.n_reminders, len(waits) - 1)]
    if now < standing.told_at + wait or last_judged_at < now - wait:
        return Step(standing)
    number = standing.n_reminders + 1
    after = replace(standing, n_reminders=number, told_at=now)
    return Step(after, [("reminded", {"number": number})], [f"reminder-{number}"])


def silences_of(parts: Sequence[PartView], *, severity: str, silences: Sequence[SilenceView]) -> list[SilenceView]:
    """Return the silences that keep an incident of these parts back: none unless each part is matched, so that no news is lost."""
    labels = [{"source": one.source, "dimension": one.dimension, "key": one.key, "rule": one.rule, "metric": one.metric} for one in parts]
    matching = [[one for one in silences if one.matches(told | {"severity": severity})] for told in labels]
    return list({one.id: one for some in matching for one in some}.values()) if matching and all(matching) else []


def _worth_telling(part: PartView) -> bool:
    return part.late_before is None or (part.resolved_at is None and part.last_judged_at > part.late_before)


def _reopened(step: Step, situation: Situation) -> Step:
    old = step.standing
    joined = any(one.id in situation.news and _worth_telling(one) for one in situation.parts)
    if situation.is_new or old.state != "resolved" or not (situation.is_on or joined):
        return step
    fresh = Standing(severity=situation.severity, n_reminders=old.n_reminders, n_reopened=old.n_reopened + 1)
    return Step(fresh, [*step.events, ("reopened", {"why": "it turned again"})])


def _graver(step: Step, situation: Situation) -> Step:
    old = step.standing
    if old.state == "resolved":
        return step
    severity = worse(old.severity, situation.severity)
    if severity == old.severity:
        return step
    return replace(step, standing=replace(old, severity=severity), events=[*step.events, ("escalated", {"severity": severity})])


def _silenced(step: Step, situation: Situation) -> Step:
    old = step.standing
    if old.state == "resolved" or not situation.parts:
        return step
    by = silences_of(situation.parts, severity=old.severity, silences=situation.silences)
    if bool(by) == bool(old.silenced_at):
        return step
    if not by:
        return replace(
            step,
            standing=replace(old, silenced_at=None),
            events=[*step.events, ("unsilenced", {"why": "no silence keeps all of it back any more"})],
        )
    why = {"why": by[0].reason, "by": by[0].author, "silences": [one.id for one in by]}
    return replace(step, standing=replace(old, silenced_at=situation.now), events=[*step.events, ("silenced", why)])


def _told(step: Step, situation: Situation) -> Step:
    old, told = step.standing, replace(step.standing, told_at=situation.now, told_severity=step.standing.severity)
    if old.silenced_at or old.state == "resolved":
        return step
    if old.told_at is None:
        opens = old.state != "acknowledged" and situation.is_told
        return replace(step, standing=told, changes=[*step.changes, "opened"]) if opens else step
    if RANKS.index(old.severity) > RANKS.index(old.told_severity or RANKS[0]):
        return replace(step, standing=told, changes=[*step.changes, "escalated"])
    return step


def _resolved(step: Step, situation: Situation) -> Step:
    old = step.standing
    if situation.is_on or (old.state == "resolved" and old.resolution != WITHDRAWN):
        return step
    if old.state == "resolved":  # what was taken back may have been found again, and have ended since
        return replace(step, standing=replace(old, resolution=situation.ending))
    after = replace(old, state="resolved", resolution=situation.ending)
    changes = [*step.changes, "resolved"] if old.told_at else step.changes
    return Step(after, [*step.events, ("resolved", {"why": situation.ending})], changes)
