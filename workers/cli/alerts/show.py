"""`bellwether alerts show`: one incident with its evidence and history; how it is drawn is left to `incident_view`."""

import json

import typer

from workers.cli.alerts.shared import AsJson, IncidentId, found


def show(incident_id: IncidentId, *, as_json: AsJson = False) -> None:
    """Show one incident with its evidence and history."""
    from dataclasses import asdict

    from db import incidents
    from db.engine import transaction
    from workers import endpoints
    from workers.cli.incident_view import print_incident

    with transaction(endpoints.engine()) as session:
        one = incidents.read_incident(session, incident_id)
        events = incidents.read_events(session, incident_id)
    incident = found(one, incident_id)
    if as_json:
        typer.echo(
            json.dumps(asdict(incident) | {"events": [asdict(event) for event in events]}, default=str, ensure_ascii=False, indent=2)
        )
    else:
        print_incident(incident, events=events)
