"""The one door for records: validate, save, form batches, commit, then ring; reading files and HTTP is left to the callers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import batches, jobs, quarantine, sources
from db.engine import transaction
from db.quarantine import Reject
from pipelines.records import Kind, Lane, Record
from workers.backlog import refuse_overload
from workers.doorbell import ring_due
from workers.errors import Conflict, Overloaded
from workers.readers.rows import Row, Unreadable, rejected
from workers.receipt import SHOWN_REJECTS, Item, Receipt
from workers.settings import Settings, settings
from workers.shelf import Shelf
from workers.taxonomies import check_taxonomy
from workers.validation import Defaults, validated

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
    chosen = settings()
    door = _Door(
        engine=engine,
        shelf=Shelf(kind=kind, taxonomy=taxonomy, chosen=chosen),
        defaults=Defaults(
            received_at=datetime.now(UTC),
            max_bytes=chosen.intake.max_record_bytes,
            source=source,
            kind=kind,
            kinds=_known_kinds(engine, chosen),
        ),
        lane=Lane(lane),
        device=device,
        submitted_by=submitted_by,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        batched=batched,
        told=told or (lambda _: None),
    )
    for number, (chunk, is_last) in enumerate(_chunks(rows, size=chunk_records, door=door)):
        if number == 0 or (overloaded and number % _CHUNKS_BETWEEN_LOOKS == 0):
            _make_room(engine, overloaded)
        door.take(chunk, close=is_last)
        if door.replayed:
            break
    return door.receipt()


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


def _known_kinds(engine: Engine, chosen: Settings) -> dict[str, Kind]:
    """Return the kinds of the sources there are, and of those that the settings name, which win."""
    with transaction(engine) as session:
        stored = sources.read_kinds(session)
    return stored | {name: Kind(one.kind) for name, one in chosen.sources.items() if one.kind}


def _make_room(engine: Engine, overloaded: Callable[[Overloaded], None] | None) -> None:
    while True:
        try:
            return refuse_overload(engine)
        except Overloaded as error:
            if overloaded is None:
                raise
            overloaded(error)


@dataclass(slots=True)
class _Door:
    """One submission on its way in, and what became of it so far."""

    engine: Engine
    shelf: Shelf
    defaults: Defaults
    lane: Lane
    device: str | None
    submitted_by: str | None
    idempotency_key: str | None
    request_hash: bytes | None
    batched: bool
    told: Told
    job_id: UUID | None = None
    replayed: Receipt | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("new", "changed", "duplicate", "rejected"), 0))
    rejects: list[Item] = field(default_factory=list)

    def take(self, chunk: Sequence[Row | Reject], *, close: bool) -> None:
        """Save one chunk with its batches, commit, then ring: a crash before the ring loses nothing, since the sweep rings too."""
        results = [one if isinstance(one, Reject) else validated(one, defaults=self.defaults) for one in chunk]
        with transaction(self.engine) as session:
            if not self._open_job(session):
                return
            items, has_batches = self._save(session, chunk, results)
            if close:
                jobs.close_job(session, self._job)
        if has_batches:
            ring_due(self.engine, lane=self.lane, device=self.device)
        self._count(items)
        self.told(items)

    def close(self) -> None:
        """Close the job of a submission that broke off, so that what was stored can finish; one with a key stays open, to be resumed."""
        if self.job_id and not self.idempotency_key:
            with transaction(self.engine) as session:
                jobs.close_job(session, self.job_id)

    def receipt(self) -> Receipt:
        """Return what became of everything."""
        if self.replayed:
            return self.replayed
        return Receipt(
            job_id=self._job,
            n_new=self.counts["new"],
            n_changed=self.counts["changed"],
            n_duplicate=self.counts["duplicate"],
            n_rejected=self.counts["rejected"],
            rejects=tuple(self.rejects),
        )

    @property
    def _job(self) -> UUID:
        assert self.job_id is not None
        return self.job_id

    def _open_job(self, session: Session) -> bool:
        """Open the job with the first chunk, in its transaction; False if the key's job is complete already."""
        if self.job_id:
            return True
        try:
            job = jobs.open_job(
                session,
                lane=self.lane,
                submitted_by=self.submitted_by,
                idempotency_key=self.idempotency_key,
                request_hash=self.request_hash,
            )
        except jobs.IdempotencyConflict:
            message = f"The idempotency key {self.idempotency_key!r} was used for other content; use a new key for new content."
            raise Conflict(message) from None
        if job.existed and job.closed_at:
            self.replayed = Receipt(job.id, n_new=job.n_total, n_duplicate=job.n_duplicate, n_rejected=job.n_rejected, replayed=True)
            return False
        self.job_id = job.id
        return True

    def _save(self, session: Session, chunk: Sequence[Row | Reject], results: Sequence[Record | Reject]) -> tuple[list[Item], bool]:
        records = [one for one in results if isinstance(one, Record)]
        rejects = [one for one in results if isinstance(one, Reject)]
        stored = self.shelf.save(session, records, job_id=self._job, lane=self.lane, batched=self.batched)
        if rejects:
            quarantine.keep_rejects(session, rejects, job_id=self._job, source=self.defaults.source)
        waiting = iter(stored)
        items = [
            _refused(one) if isinstance(one, Reject) else _item(row.line, next(waiting)) for row, one in zip(chunk, results, strict=True)
        ]
        accepted = [
            (one.record_id, len(record.text.encode())) for record, one in zip(records, stored, strict=True) if one.outcome != "duplicate"
        ]
        jobs.count_intake(session, self._job, n_total=len(accepted), n_duplicate=len(records) - len(accepted), n_rejected=len(rejects))
        return items, self._form(session, accepted)

    def _form(self, session: Session, accepted: Sequence[tuple[int, int]]) -> bool:
        """Cut the accepted records, by id and size, into batches, unless they linger; say whether there are any."""
        if not accepted or not self.batched:
            return False
        limits = settings().intake
        batches.form(
            session,
            [record_id for record_id, _ in accepted],
            sizes_bytes=[size for _, size in accepted],
            lane=self.lane,
            device=self.device,
            max_records=limits.batch_records,
            max_bytes=limits.batch_bytes,
        )
        return True

    def _count(self, items: Sequence[Item]) -> None:
        for item in items:
            self.counts[item.status] += 1
            if item.status == "rejected" and len(self.rejects) < SHOWN_REJECTS:
                self.rejects.append(item)


def _item(line: int | None, stored: Any) -> Item:
    return Item(line=line, status=str(stored.outcome), external_id=stored.external_id, record_id=stored.record_id)


def _refused(reject: Reject) -> Item:
    return Item(line=reject.line, status="rejected", external_id=reject.external_id, reason=reject.reason, detail=reject.detail)


def _chunks(rows: Iterable[Row | Reject], *, size: int, door: _Door) -> Iterator[tuple[list[Row | Reject], bool]]:
    """Yield runs of rows, and whether each is the last; an error while reading closes the job before it goes on its way."""
    chunk: list[Row | Reject] = []
    n_bytes = 0
    try:
        for row in rows:
            if len(chunk) >= size or n_bytes > CHUNK_BYTES:
                yield chunk, False
                chunk, n_bytes = [], 0
            chunk.append(row)
            n_bytes += _weight(row)
    except BaseException:
        with suppress(Exception):  # the error that broke the reading says more
            door.close()
        raise
    yield chunk, True


def _weight(row: Row | Reject) -> int:
    raw = row.payload if isinstance(row, Reject) else row.raw
    return len(raw) if raw is not None else 200
