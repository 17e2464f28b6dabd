"""GET /v1/incidents and /v1/incidents/{id}: where sentiment turned, and on what evidence."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from db.engine import transaction
from db.incidents import list_incidents, read_incident
from workers import endpoints
from workers.api.responses import documented
from workers.api.schemas import IncidentOut, IncidentsOut
from workers.errors import NotFound

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])


@router.get("", responses=documented())
def get_incidents(
    *,
    state: Annotated[Literal["firing", "acknowledged", "resolved"] | None, Query()] = None,
    source: Annotated[str | None, Query()] = None,
    since: Annotated[datetime | None, Query(description="Opened at or after this event time.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> IncidentsOut:
    """Return incidents, newest first."""
    with transaction(endpoints.engine()) as session:
        found = list_incidents(session, state=state, source=source, since=since, limit=limit)
        return IncidentsOut(incidents=[IncidentOut.of(one) for one in found])


@router.get("/{incident_id}", responses=documented(404))
def get_incident(incident_id: int) -> IncidentOut:
    """Return an incident with its numbers, its sentence and its evidence."""
    with transaction(endpoints.engine()) as session:
        found = read_incident(session, incident_id)
        if found is None:
            raise NotFound(f"There is no incident {incident_id}.")
        return IncidentOut.of(found)
