"""Reads what POST /v1/records may hold: an object, a list, an envelope, or JSON lines; validation is left to `workers.intake`."""

from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

from db.quarantine import Reject
from workers.api.problems import Problem
from workers.intake import rows_of
from workers.readers.jsonl import parse_json, read_jsonl
from workers.readers.rows import Row, Unreadable
from workers.settings import settings

JSON_TYPES = ("application/json",)
LINES_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_ENVELOPE = ("source", "kind", "lane", "taxonomy")


@dataclass(frozen=True, slots=True)
class Posted:
    """The rows of a request, and what its envelope says of them all."""

    rows: list[Row | Reject]
    envelope: dict[str, str]


def read_posted(body: bytes, *, content_type: str) -> Posted:
    """Return what was posted; raise a Problem where the body as a whole can't be read or holds too many records."""
    media = content_type.partition(";")[0].strip().lower()
    if media in LINES_TYPES:
        posted = Posted(_some_lines(body), {})
    elif media in JSON_TYPES:
        posted = _from_json(body)
    else:
        known = f"{JSON_TYPES[0]}, or {LINES_TYPES[0]} for JSON lines"
        raise Problem("unsupported-media-type", 415, f"Content-Type {media or 'is missing; it'} is not read; send {known}.")
    _check_count(len(posted.rows))
    return posted


def _some_lines(body: bytes) -> list[Row | Reject]:
    """Return the rows of the body, but never many more than a request may hold."""
    limits = settings().intake
    return list(islice(read_jsonl(BytesIO(body), max_bytes=limits.max_record_bytes), limits.max_request_records + 1))


def _from_json(body: bytes) -> Posted:
    try:
        value = parse_json(body)
    except Unreadable as error:
        raise Problem("bad-request", 400, f"The body is {error.detail}.", reason=error.reason) from None
    if isinstance(value, list):
        return Posted(list(rows_of(value)), {})
    if isinstance(value, dict) and isinstance(value.get("records"), list):
        return Posted(list(rows_of(value["records"])), _envelope(value))
    return Posted(list(rows_of([value])), {})


def _envelope(value: dict[str, Any]) -> dict[str, str]:
    envelope = {name: one for name, one in value.items() if name != "records"}
    for name, one in envelope.items():
        if name not in _ENVELOPE:
            raise Problem("invalid-parameter", 422, f"Beside `records`, {name!r} is not known; {', '.join(_ENVELOPE)} are.", parameter=name)
        if not isinstance(one, str):
            raise Problem("invalid-parameter", 422, f"{name} is no string.", parameter=name)
    return envelope


def _check_count(n: int) -> None:
    limit = settings().intake.max_request_records
    if n > limit:
        detail = f"The request holds over {limit:,} records, the limit (BELLWETHER_INTAKE__MAX_REQUEST_RECORDS). Send it in parts."
        raise Problem("too-large", 413, detail, limit_records=limit)
    if not n:
        raise Problem("bad-request", 400, "The body holds no record.")
