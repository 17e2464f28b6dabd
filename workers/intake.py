"""The one door for records: rows in, a receipt out; how a chunk of them is saved is told in `workers.submission`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from db.quarantine import Reject
from pipelines.records import Kind, Lane
from workers.errors import Overloaded
from workers.readers.rows import Row, Unreadable, rejected
from workers.receipt import Item, Receipt
from workers.settings import settings
from workers.shelf import Shelf
from workers.submission import Submission
from workers.taxonomies import check_taxonomy
from workers.validation import Defaults

CHUNK_RECORDS = 1_000
CHUNK_BYTES = 16 << 20
_CHUNKS_BETWEEN_LOOKS = 20
"""A look at the backlog costs a count; twenty chunks are a few seconds."""

Told = Callable[[Sequence[Item]], None]


def submit(
    engine: Engine,
    rows: Iterable[Row | Reject],
    *,
    source: str | None = None,
    kind: Kind | None = None,
    lane: Lane = Lane.LIVE,
    taxonomy: str | None = None,
    device: str | None = None,
    submitted_by: str | None = None,
    idempotency_key: str | None = None,
    request_hash: bytes | None = None,
    batched: bool = True,
    chunk_records: int = CHUNK_RECORDS,
    told: Told | None = None,
    overloaded: Callable[[Overloaded], None] | None = None,
) -> Receipt:
    """Take `rows` in as one job, a transaction every `chunk_records`, and say what became of them.

    A bad row is kept in quarantine and stops nothing. `source`, `kind` and `taxonomy` given here win over what rows and settings
    say. `told` hears of every row after its commit. A backlog over the limit raises Overloaded before anything is stored, or is
    handed to `overloaded`, which waits and returns. `batched=False` leaves the records to linger for company. A key seen before
    answers with that job's numbers; with another hash it raises Conflict.
    """
    check_taxonomy(taxonomy)
    limit = settings().intake.max_record_bytes
    submission = Submission(
        engine=engine,
        shelf=Shelf(kind=kind, taxonomy=taxonomy, chosen=settings()),
        defaults=Defaults(received_at=datetime.now(UTC), max_bytes=limit, source=source, kind=kind),
        lane=Lane(lane),
        device=device,
        submitted_by=submitted_by,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        batched=batched,
    )
    try:
        for number, (chunk, is_last) in enumerate(_chunks(rows, size=chunk_records)):
            looks = number == 0 or (overloaded is not None and number % _CHUNKS_BETWEEN_LOOKS == 0)
            items = _taken(submission, chunk, is_last=is_last, looks=looks, overloaded=overloaded)
            if submission.replayed:
                return submission.replayed
            if told:
                told(items)
    except BaseException:
        with suppress(Exception):  # the first error says more
            submission.close()
        raise
    return submission.receipt()


def enqueue(records: Iterable[Any], *, engine: Engine | None = None, **how: Any) -> Receipt:
    """Send `records`, mappings with at least a `text`, for analysis: `bellwether enqueue` for Python callers.

    `how` is what `submit` takes; without `engine`, the database of the settings or of the running stack is used.
    """
    from workers import endpoints

    return submit(engine or endpoints.engine(), rows_of(records), **how)


def rows_of(records: Iterable[Any]) -> Iterator[Row | Reject]:
    """Yield mappings as rows, numbered from 1; anything else as a reject."""
    for number, one in enumerate(records, start=1):
        if isinstance(one, Mapping):
            yield Row(number, one)
        else:
            error = Unreadable("not_an_object", f"not an object but {type(one).__name__}")
            yield rejected(number, error, payload=repr(one).encode("utf-8", "replace"))


def _taken(
    submission: Submission, chunk: Sequence[Row | Reject], *, is_last: bool, looks: bool, overloaded: Callable[[Overloaded], None] | None
) -> list[Item]:
    """Take one chunk in, as soon as there is room for it if the caller is patient."""
    while True:
        try:
            return submission.take(chunk, is_last=is_last, looks=looks)
        except Overloaded as error:
            if overloaded is None:
                raise
            overloaded(error)


def _chunks(rows: Iterable[Row | Reject], *, size: int) -> Iterator[tuple[list[Row | Reject], bool]]:
    """Yield runs of rows, and whether each is the last."""
    chunk: list[Row | Reject] = []
    n_bytes = 0
    for row in rows:
        if len(chunk) >= size or n_bytes > CHUNK_BYTES:
            yield chunk, False
            chunk, n_bytes = [], 0
        chunk.append(row)
        n_bytes += _weight(row)
    yield chunk, True


def _weight(row: Row | Reject) -> int:
    raw = row.payload if isinstance(row, Reject) else row.raw
    return len(raw) if raw is not None else 200
