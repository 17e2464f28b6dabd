"""`bellwether alerts show`: one incident with its evidence and history, or its figures counted anew.

How it is drawn is left to `workers.cli.incident_view`, the counting to `workers.recompute`.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.alerts.shared import AsJson, IncidentId, found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.incidents import IncidentView
    from workers.cli.incident_view import Around
    from workers.recompute import Recomputed

_JUDGED = ("opened", "updated", "joined", "withdrawn")
"""Events at which figures are stored."""


def show(
    incident_id: IncidentId,
    *,
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Count its figures anew from the records; ends with 1 where they differ.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one incident with its evidence and history."""
    from workers.cli.incident_view import print_incident

    incident, around = _read(incident_id)
    if recompute:
        _show_recomputed(_recomputed(incident, around=around), as_json=as_json)
    elif as_json:
        typer.echo(_json(_told(incident, around=around)))
    else:
        print_incident(incident, around=around)


def _read(incident_id: int) -> "tuple[IncidentView, Around]":
    """Return an incident and all that is known beside it, from one moment."""
    from datetime import UTC, datetime

    from db import incidents, outbox, silences
    from db.engine import transaction
    from workers import endpoints
    from workers.cli.incident_view import Around
    from workers.incidents.following import silences_of

    with transaction(endpoints.engine()) as session:
        incident = found(incidents.read_incident(session, incident_id), incident_id)
        parts = incidents.read_parts_of(session, [incident_id])
        in_force = silences.read_in_force(session, now=datetime.now(UTC))
        kept = [one for one in parts if not one.withdrawn]
        matching = silences_of(kept, severity=incident.severity, silences=in_force) if incident.state != "resolved" else []
        notifications = outbox.read_notifications(session, incident_id)
        return incident, Around(parts, matching, notifications, incidents.read_events(session, incident_id))


def _told(incident: "IncidentView", *, around: "Around") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(incident) | asdict(around)


def _recomputed(incident: "IncidentView", *, around: "Around") -> "list[Recomputed]":
    from db.engine import transaction
    from workers import endpoints
    from workers.recompute import recompute

    stored_at = max((event.at for event in around.events if event.what in _JUDGED), default=incident.created_at)
    kept = sorted((one for one in around.parts if not one.withdrawn), key=lambda one: (one.p_value, one.id))
    with transaction(endpoints.engine()) as session:
        return [recompute(session, one, source=one.source, stored_at=stored_at) for one in kept]


def _show_recomputed(parts: "Sequence[Recomputed]", *, as_json: bool) -> None:
    """Print stored figures against recomputed ones; end with 1 where they differ."""
    from dataclasses import asdict

    from workers.cli.common import Format, fail, print_rows

    agrees = all(one.agrees for one in parts)
    if as_json:
        typer.echo(_json({"agrees": agrees, "parts": [asdict(one) | {"agrees": one.agrees} for one in parts]}))
    else:
        rows = [
            {"series": one.label, "rule": one.rule, "figure": figure.name, **figure.shown(), "": "" if figure.agrees else "differs"}
            for one in parts
            for figure in one.figures
        ]
        print_rows(rows, columns=("series", "rule", "figure", "stored", "recomputed", ""), form=Format.TABLE)
    notes = [f"{one.label}, {one.rule}: {note}" for one in parts for note in one.notes]
    if not agrees:
        fail("; ".join(["the records do not give the stored figures", *notes]))


def _json(told: dict[str, Any]) -> str:
    return json.dumps(told, default=str, ensure_ascii=False, indent=2)
