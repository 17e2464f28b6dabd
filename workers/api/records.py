"""POST /v1/records and GET /v1/records/{id}; what a record must hold is left to `workers.validation`."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from db.engine import transaction
from db.lookup import read_record
from pipelines.records import Kind, Lane
from workers import endpoints
from workers.api.access import Caller
from workers.api.body import Body
from workers.api.problems import Problem
from workers.api.requests import JSON_TYPES, LINES_TYPES, Posted, read_posted
from workers.api.responses import documented
from workers.api.schemas import ItemOut, ReceiptOut, RecordOut
from workers.errors import NotFound
from workers.intake import submit
from workers.receipt import Item, Receipt

router = APIRouter(prefix="/v1/records", tags=["records"])

_RECORD = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "description": "What is read, up to 1 MiB."},
        "title": {"type": "string"},
        "external_id": {"type": "string", "description": "The source's own id; without one, a hash of the content."},
        "published_at": {"type": "string", "description": "ISO 8601; without one, the time of arrival."},
        "source": {"type": "string"},
        "kind": {"type": "string", "enum": [str(kind) for kind in Kind]},
        "language": {"type": "string"},
        "url": {"type": "string"},
        "author": {"type": "string"},
        "attributes": {"type": "object", "description": "Anything else; unknown fields are kept here too."},
    },
}
_ENVELOPE = {
    "type": "object",
    "required": ["records"],
    "properties": {
        "records": {"type": "array", "items": _RECORD},
        **{name: {"type": "string"} for name in ("source", "kind", "lane", "taxonomy")},
    },
}
_BODY = {
    "required": True,
    "content": {
        JSON_TYPES[0]: {"schema": {"anyOf": [_RECORD, {"type": "array", "items": _RECORD}, _ENVELOPE]}},
        LINES_TYPES[0]: {"schema": {"type": "string", "description": "One JSON object a line."}},
    },
}


@router.post("", status_code=202, responses=documented(400, 409, 413, 415, 422, 429), openapi_extra={"requestBody": _BODY})
def post_records(
    request: Request,
    response: Response,
    who: Caller,
    body: Body,
    *,
    source: Annotated[str | None, Query(description="Where the records come from; wins over the body's.")] = None,
    kind: Annotated[Kind | None, Query(description="What sort of text it is; wins over the body's.")] = None,
    lane: Annotated[Lane | None, Query(description="Live goes before backfill.")] = None,
    taxonomy: Annotated[str | None, Query(description="The taxonomy that names the source's topics.")] = None,
    idempotency_key: Annotated[str | None, Header(max_length=255, description="The same request sent again does nothing.")] = None,
) -> ReceiptOut:
    """Take records in; each is told what became of it, and one bad record never fails the rest."""
    posted = read_posted(body, content_type=request.headers.get("content-type", ""))
    given = posted.envelope | {
        name: str(value) for name, value in (("source", source), ("kind", kind), ("lane", lane), ("taxonomy", taxonomy)) if value
    }
    items: list[Item] = []
    receipt = submit(
        endpoints.engine(),
        posted.rows,
        **_how(given),
        submitted_by=who,
        idempotency_key=f"{who}:{idempotency_key}" if idempotency_key else None,
        request_hash=_request_hash(request, body),
        batched=len(posted.rows) > 1,
        chunk_records=len(posted.rows),  # one transaction: the job is there whole, or not at all
        told=items.extend,
    )
    return _answer(request, response, posted, receipt, items)


def _how(given: dict[str, str]) -> dict[str, Any]:
    """Return what the request says of all its records; a Problem 422 names a value that can't be."""
    how: dict[str, Any] = {name: given.get(name) for name in ("source", "taxonomy")}
    for name, enum in (("kind", Kind), ("lane", Lane)):
        if name in given:
            try:
                how[name] = enum(given[name])
            except ValueError:
                known = ", ".join(enum)
                raise Problem("invalid-parameter", 422, f"{name} is {given[name][:40]!r}; it is one of {known}.", parameter=name) from None
    return how


def _request_hash(request: Request, body: bytes) -> bytes:
    told = hashlib.sha256(f"{request.url.query}\n{request.headers.get('content-type', '')}\n".encode())
    told.update(body)
    return told.digest()


def _answer(request: Request, response: Response, posted: Posted, receipt: Receipt, items: list[Item]) -> ReceiptOut:
    if len(posted.rows) == 1 and receipt.n_accepted and not receipt.replayed:
        request.app.state.lingerer.poke()
    job = f"{request.scope.get('root_path', '')}/v1/jobs/{receipt.job_id}"
    if receipt.n_rejected == receipt.n_rows:
        told = [ItemOut.of(item).model_dump() for item in items]
        detail = (
            "Not one record could be taken; all are kept in quarantine."
            if len(posted.rows) > 1
            else f"The record was refused: {_why(items)}."
        )
        raise Problem("all-rejected", 422, detail, job_id=str(receipt.job_id), job=job, items=told)
    response.headers["Location"] = job
    if receipt.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return ReceiptOut.of(receipt, items, job=job)


def _why(items: list[Item]) -> str:
    return (items[0].detail if items else None) or "see its job"


@router.get("/{record_id}", responses=documented(404))
def get_record(record_id: int) -> RecordOut:
    """Return a record with its newest analysis; `analysis` is null while it waits."""
    with transaction(endpoints.engine()) as session:
        view = read_record(session, record_id)
        if view is None:
            raise NotFound(f"There is no record {record_id}.")
        return RecordOut.of(view)
