"""Empty the outbox into the notifiers; what is in it is left to `workers.alerting`, how each is told to its own file."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import structlog

from db import incidents, outbox
from db.engine import transaction
from workers import notifiers
from workers.evidence import label
from workers.faults import describe
from workers.settings import settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.incidents import IncidentView

_log = structlog.get_logger("bellwether.alerts")
_LONGEST_S = 30  # of sending by one task, well within its time limit; what is left is due at the next tick


def deliver(engine: "Engine") -> int:
    """Send what is due, each notifier in a thread of its own so that a dead one delays nobody; return how many were accepted.

    A notification leaves at least once: one whose sender died between sending and noting it is sent again, under the same
    delivery name, by which the receiver can tell. What waits for a notifier that the settings no longer name is given up.
    """
    names = list(settings().alerts.notifiers)
    with transaction(engine) as session:
        if n_given_up := outbox.give_up_unnamed(session, notifiers=names):
            _log.warning("given up: their notifier is gone from the settings", n_notifications=n_given_up)
    with ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        return sum(pool.map(lambda name: _deliver_to(engine, name), names))


def message(incident: "IncidentView", *, change: str) -> dict[str, Any]:
    """Return what a notifier is told of one change of an incident; texts are masked already."""
    return {
        "change": change,
        "incident": incident.id,
        "state": incident.state,
        "fingerprint": incident.fingerprint,
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
        "evidence": dict(incident.evidence),
    }


def _deliver_to(engine: "Engine", name: str) -> int:
    """Send one notifier's due messages, one at a time, until none is due, one fails or its time is up."""
    chosen = settings().alerts.notifiers[name]
    notifier, started, n_sent = notifiers.make(chosen), time.monotonic(), 0
    while time.monotonic() - started < _LONGEST_S:
        with transaction(engine) as session:
            due = outbox.take_due(session, notifier=name, lease=chosen.timeout * 3, limit=1)
        if not due or not _send(engine, due[0], notifier=notifier):
            break
        n_sent += 1
    return n_sent


def _send(engine: "Engine", due: outbox.Due, *, notifier: notifiers.Notifier) -> bool:
    """Send one notification and note how it went; False if it was not accepted."""
    with transaction(engine) as session:
        incident = incidents.read_incident(session, due.incident_id)
    assert incident is not None, "an incident takes its notifications with it"
    error = _told(notifier, message(incident, change=due.change), delivery=f"{due.incident_id}-{due.change}-{due.notifier}")
    with transaction(engine) as session:
        if error is None:
            outbox.mark_sent(session, due.id)
            incidents.add_event(session, due.incident_id, who=due.notifier, what="notified", detail={"change": due.change})
        elif due.attempts >= settings().alerts.max_attempts:
            outbox.give_up(session, due.id, error=error)
        else:
            outbox.put_off(session, due.id, wait=settings().alerts.retry_backoff * 2 ** (due.attempts - 1), error=error)
    if error:
        _log.warning("not_told", notifier=due.notifier, incident=due.incident_id, change=due.change, attempts=due.attempts, error=error)
    return error is None


def _told(notifier: notifiers.Notifier, told: Mapping[str, Any], *, delivery: str) -> str | None:
    try:
        notifier.notify(told, delivery=delivery)
    except notifiers.NotTold as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # a notifier that breaks uses up its attempts like a receiver that refuses
        return describe(error)
    return None
