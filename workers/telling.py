"""Empty the outbox into the notifiers; what is in it is left to `workers.lifecycle`, how each is told to its own file."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from db import incidents, outbox, parts
from db.engine import transaction
from workers import notifiers
from workers.alert_settings import Notifier as NotifierSettings
from workers.faults import describe
from workers.notifiers.message import labels_of, message_of, sample_message
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

_log = structlog.get_logger("bellwether.alerts")
_LONGEST_S = 30  # of sending by one task, well within its time limit; what is left is due at the next tick
_LONGEST_WAIT = timedelta(hours=1)  # between two attempts, whatever the receiver asks for
_KEEP_EVERY_S = 60
_kept_at: dict[str, float] = {}  # by notifier, when this process last kept its alerts firing


def deliver(engine: "Engine") -> int:
    """Send what is due, each notifier in a thread of its own so that a dead one delays nobody; return how many were accepted.

    A notification leaves at least once: one whose sender died between sending and noting it is sent again, under the same
    delivery name, by which the receiver can tell. What waits for a notifier that the settings no longer name is given up.
    """
    names = list(settings().alerts.notifiers)
    _give_up_unnamed(engine, names)
    with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        return sum(pool.map(lambda name: _serve(engine, name), names))


def send_test(name: str, *, chosen: NotifierSettings) -> tuple[str, str | None]:
    """Send a notifier a message that tells of nothing; return its delivery name, and why it was not accepted, None if it was."""
    message = sample_message(receiver=name, chosen=chosen)
    failure = _told(chosen, lambda: message)
    return message.delivery, str(failure) if failure else None


def wants(chosen: NotifierSettings, *, change: str, severity: str, series: Iterable[Mapping[str, str]]) -> bool:
    """Tell whether a notifier is to hear of a change of an incident that is about these series."""
    if change.partition("-")[0] not in chosen.changes:
        return False
    return any(all(_matches({**one, "severity": severity}[name], wanted) for name, wanted in chosen.only.items()) for one in series)


def _matches(value: str, wanted: str) -> bool:
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def _give_up_unnamed(engine: "Engine", names: list[str]) -> None:
    with transaction(engine) as session:
        for one in outbox.give_up_unnamed(session, notifiers=names):
            _note_given_up(session, one, error="the settings name no such notifier any more")


def _serve(engine: "Engine", name: str) -> int:
    """Send one notifier's due messages, one at a time, until none is due, one fails or its time is up; return how many were sent."""
    chosen, started, n_sent = settings().alerts.notifiers[name], time.monotonic(), 0
    while time.monotonic() - started < _LONGEST_S:
        with transaction(engine) as session:
            due = outbox.take_due(session, notifier=name, lease=chosen.timeout * 2 + timedelta(minutes=1))
        if due is None:
            _keep_firing(engine, name, chosen=chosen)
            break
        outcome = _send(engine, due, chosen=chosen)
        if outcome is False:
            break
        n_sent += bool(outcome)
    return n_sent


def _send(engine: "Engine", due: outbox.Due, *, chosen: NotifierSettings) -> bool | None:
    """Send one notification and note how it went; False if it was not accepted, None if its notifier does not want it."""
    if due.attempts > settings().alerts.max_attempts:  # it outlived senders, none of which came to note how it went
        with transaction(engine) as session:
            _note_failure(session, due, failure=notifiers.NotTold("its sender died each time"))
        return None
    with transaction(engine) as session:
        incident = incidents.read_incident(session, due.incident_id)
        assert incident is not None, "an incident takes its notifications with it"
        series = [labels_of(one) for one in parts.read_parts_of(session, [due.incident_id])] or [labels_of(incident)]
        if not wants(chosen, change=due.change, severity=incident.severity, series=series):
            outbox.drop(session, due.id)
            return None
    telling = partial(message_of, incident, change=due.change, receiver=due.notifier, chosen=chosen, origin=series[0])
    failure = _told(chosen, telling)
    with transaction(engine) as session:
        if failure:
            _note_failure(session, due, failure=failure)
        else:
            outbox.mark_sent(session, due.id)
            incidents.add_event(session, due.incident_id, who=due.notifier, what="notified", detail={"change": due.change})
    return failure is None


def _told(chosen: NotifierSettings, message: Callable[[], notifiers.Message]) -> notifiers.NotTold | None:
    """Make a message and send it; return why that failed, None if it was accepted."""
    try:
        notifiers.make(chosen).notify(message())
    except notifiers.NotTold as error:
        return error
    except Exception as error:  # noqa: BLE001  # a notifier that breaks uses up its attempts like a receiver that refuses
        return notifiers.NotTold(describe(error))
    return None


def _note_failure(session: "Session", due: outbox.Due, *, failure: notifiers.NotTold) -> None:
    """Put a notification off, or give it up after its last attempt."""
    error = str(failure)
    if due.attempts >= settings().alerts.max_attempts:
        outbox.give_up(session, due.id, error=error)
        _note_given_up(session, due, error=error)
        return
    outbox.put_off(session, due.id, wait=_wait(due.attempts, asked=failure.retry_after), error=error)
    if failure.retry_after:
        outbox.pause(session, notifier=due.notifier, wait=min(failure.retry_after, _LONGEST_WAIT))
    _log.warning("not_told", notifier=due.notifier, incident=due.incident_id, change=due.change, attempts=due.attempts, error=error)


def _note_given_up(session: "Session", due: outbox.Due, *, error: str) -> None:
    told = {"change": due.change, "attempts": due.attempts, "error": error}
    incidents.add_event(session, due.incident_id, who=due.notifier, what="given up", detail=told)
    _log.error("given_up", notifier=due.notifier, incident=due.incident_id, **told)


def _wait(attempts: int, *, asked: timedelta | None) -> timedelta:
    """Return how long to wait after so many attempts: longer each time, and never quite the same, or all would come back at once."""
    doubled: timedelta = settings().alerts.retry_backoff * 2 ** min(attempts - 1, 30)
    wait = min(doubled, _LONGEST_WAIT)
    return max(wait * random.uniform(0.75, 1.25), min(asked or timedelta(), _LONGEST_WAIT))  # noqa: S311  # no secret


def _keep_firing(engine: "Engine", name: str, *, chosen: NotifierSettings) -> None:
    """Tell a notifier that forgets what still fires, once a minute and process; its failure is only noted, as the next will do."""
    notifier = notifiers.make(chosen)
    if not isinstance(notifier, notifiers.Keeper) or time.monotonic() - _kept_at.get(name, -_KEEP_EVERY_S) < _KEEP_EVERY_S:
        return
    _kept_at[name] = time.monotonic()
    try:
        # Held while posting, for else somebody could tell of an end in between, and this would take it back.
        with transaction(engine) as session:
            if outbox.hold(session, name) and (messages := _still_firing(session, name, chosen=chosen)):
                notifier.keep(messages)
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not keep this notifier from what is due
        told = str(error) if isinstance(error, notifiers.NotTold) else describe(error)
        _log.warning("not_kept", notifier=name, error=told)


def _still_firing(session: "Session", name: str, *, chosen: NotifierSettings) -> list[notifiers.Message]:
    """Return all that a notifier was told of and that has not ended, as it stands now."""
    told = outbox.read_still_told(session, notifier=name)
    origins = {one.incident_id: labels_of(one) for one in reversed(parts.read_parts_of(session, told))}
    found = [one for number in told if (one := incidents.read_incident(session, number))]
    return [message_of(one, change="opened", receiver=name, chosen=chosen, origin=origins.get(one.id)) for one in found]
