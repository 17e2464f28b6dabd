"""`bellwether alerts ack` and `resolve`: a person takes an incident on or ends it; what that means is left to `workers.incidents`."""

import typer

from workers.cli.alerts.shared import IncidentId, Who, Why, login


def ack(incident_id: IncidentId, *, why: Why = "", who: Who = None) -> None:
    """Take an incident on: nobody is reminded of it any more; it stays open until the scan resolves it."""
    from db.engine import transaction
    from workers import endpoints, incidents

    with transaction(endpoints.engine()) as session:
        incidents.acknowledge(session, incident_id, who=login(who), why=why)
    typer.echo(f"incident {incident_id} acknowledged")


def resolve(incident_id: IncidentId, *, why: Why = "", who: Who = None) -> None:
    """End an incident by hand: its series are quiet until they turn anew, which opens another."""
    from db.engine import transaction
    from workers import endpoints, incidents

    with transaction(endpoints.engine()) as session:
        incidents.resolve(session, incident_id, who=login(who), why=why)
    typer.echo(f"incident {incident_id} resolved")
