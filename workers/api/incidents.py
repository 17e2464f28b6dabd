"""/v1/incidents: where sentiment turned, on what evidence, and what people do about it, which is left to `workers.incidents`."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from db.engine import transaction
from db.incidents import list_incidents, read_events, read_incident
from workers import endpoints, incidents
from workers.api.access import Caller
from workers.api.alert_schemas import IncidentOut, IncidentsOut, IncidentWithEventsOut, WhyIn
from workers.api.responses import documented
from workers.errors import NotFound

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Id = Annotated[int, Path(ge=1, lt=1 << 63)]


@router.get("", responses=documented())
def get_incidents(
    *,
    state: Annotated[Literal["firing", "acknowledged", "resolved"] | None, Query()] = None,
    severity: Annotated[Literal["warning", "critical"] | None, Query()] = None,
    source: Annotated[str | None, Query(description="Those with a part in this source.")] = None,
    since: Annotated[datetime | None, Query(description="Opened at or after this event time.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> IncidentsOut:
    """Return incidents, newest first."""
    with transaction(endpoints.engine()) as session:
        found = list_incidents(session, state=state, severity=severity, source=source, since=since, limit=limit)
        return IncidentsOut(incidents=[IncidentOut.of(one) for one in found])


@router.get("/{incident_id}", responses=documented(404))
def get_incident(incident_id: Id) -> IncidentWithEventsOut:
    """Return an incident with its numbers, its sentence, its evidence and its history."""
    return _read(incident_id)


@router.post("/{incident_id}/ack", responses=documented(404, 409))
def post_ack(incident_id: Id, said: WhyIn, caller: Caller) -> IncidentWithEventsOut:
    """Take a firing incident on: it is no longer brought to mind, and stays open until it is calm."""
    with transaction(endpoints.engine()) as session:
        incidents.acknowledge(session, incident_id, who=caller, why=said.why)
    return _read(incident_id)


@router.post("/{incident_id}/resolve", responses=documented(404, 409))
def post_resolve(incident_id: Id, said: WhyIn, caller: Caller) -> IncidentWithEventsOut:
    """End an incident by hand; a new turn opens another, so silence it too if you must."""
    with transaction(endpoints.engine()) as session:
        incidents.resolve(session, incident_id, who=caller, why=said.why)
    return _read(incident_id)


def _read(incident_id: int) -> IncidentWithEventsOut:
    with transaction(endpoints.engine()) as session:
        found = read_incident(session, incident_id)
        if found is None:
            raise NotFound(f"There is no incident {incident_id}.")
        return IncidentWithEventsOut.with_events(found, read_events(session, incident_id))
