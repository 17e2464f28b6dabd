"""`bellwether alerts ack` and `resolve`: a person takes an incident on or ends it; what that means is left to `db.incidents`."""

from collections.abc import Callable

import typer

from workers.cli.alerts.shared import IncidentId, Who, Why, found, login


def ack(incident_id: IncidentId, *, why: Why = "", who: Who = None) -> None:
    """Take an incident on; it stays open until the scan resolves it."""
    from db import incidents

    _change(incidents.acknowledge, incident_id, who=who, why=why, done="acknowledged")


def resolve(incident_id: IncidentId, *, why: Why = "", who: Who = None) -> None:
    """End an incident by hand; a series that stays high opens another, so silence it too if you must."""
    from db import incidents

    _change(incidents.resolve, incident_id, who=who, why=why, done="resolved")


def _change(change: Callable[..., bool], incident_id: int, *, who: str | None, why: str, done: str) -> None:
    from db import incidents
    from db.engine import transaction
    from workers import endpoints
    from workers.errors import Conflict

    with transaction(endpoints.engine()) as session:
        changed = change(session, incident_id, who=login(who), why=why)
        incident = found(incidents.read_incident(session, incident_id), incident_id)
    if not changed:
        raise Conflict(f"incident {incident_id} is {incident.state}: there is nothing to change")
    typer.echo(f"incident {incident_id} {done}")
