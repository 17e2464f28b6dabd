"""/v1/silences: keep notifications back for a while; which incidents match is left to `workers.incidents`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from db import silences
from db.engine import transaction
from workers import endpoints, incidents
from workers.api.access import Caller
from workers.api.alert_schemas import SilenceIn, SilenceOut, SilencesOut
from workers.api.responses import documented
from workers.errors import NotFound

router = APIRouter(prefix="/v1/silences", tags=["silences"])

Id = Annotated[int, Path(ge=1, lt=1 << 63)]


@router.get("", responses=documented())
def get_silences(*, over: Annotated[bool, Query(description="Those that are over, too.")] = False) -> SilencesOut:
    """Return silences in force or to come, newest first."""
    now = datetime.now(UTC)
    with transaction(endpoints.engine()) as session:
        found = silences.list_silences(session, now=None if over else now)
    return SilencesOut(silences=[SilenceOut.of(one, now=now) for one in found])


@router.post("", status_code=201, responses=documented())
def post_silence(wanted: SilenceIn, response: Response, caller: Caller) -> SilenceOut:
    """Keep notifications back about incidents all of whose parts match; they are still stored, and told if they outlast the silence."""
    now = datetime.now(UTC)
    with transaction(endpoints.engine()) as session:
        number = incidents.silence(
            session,
            matcher=wanted.matcher,
            starts_at=wanted.starts_at or now,
            ends_at=wanted.ends_at,
            author=caller,
            reason=wanted.reason,
            now=now,
        )
    response.headers["Location"] = f"/v1/silences/{number}"
    return _read(number, now=now)


@router.get("/{silence_id}", responses=documented(404))
def get_silence(silence_id: Id) -> SilenceOut:
    """Return one silence."""
    return _read(silence_id, now=datetime.now(UTC))


@router.delete("/{silence_id}", status_code=204, responses=documented(404, 409))
def delete_silence(silence_id: Id, caller: Caller) -> None:
    """End a silence before its time; the next scan tells what it kept back and still fires."""
    with transaction(endpoints.engine()) as session:
        incidents.unsilence(session, silence_id, who=caller, now=datetime.now(UTC))


def _read(silence_id: int, *, now: datetime) -> SilenceOut:
    with transaction(endpoints.engine()) as session:
        found = silences.read_silence(session, silence_id)
    if found is None:
        raise NotFound(f"There is no silence {silence_id}.")
    return SilenceOut.of(found, now=now)
