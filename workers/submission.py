"""One submission on its way in: each chunk of rows saved, batched and counted in one transaction; reading rows is left to the caller."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import batches, jobs, quarantine, sources
from db.engine import settled, transaction
from db.quarantine import Reject
from pipelines.records import Kind, Lane, Record
from workers.backlog import refuse_overload
from workers.doorbell import ring_due
from workers.errors import Conflict
from workers.readers.rows import Row
from workers.receipt import SHOWN_REJECTS, Item, Receipt
from workers.settings import settings
from workers.shelf import Shelf
from workers.validation import MAX_NAME_BYTES, Defaults, validated


@dataclass(slots=True)
class Submission:
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
    kinds: dict[str, Kind] | None = None
    job_id: UUID | None = None
    replayed: Receipt | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("new", "changed", "duplicate", "rejected"), 0))
    rejects: list[Item] = field(default_factory=list)

    def take(self, chunk: Sequence[Row | Reject], *, is_last: bool, looks: bool) -> list[Item]:
        """Save one chunk with its batches, commit, then ring; return what became of each row.

        A crash before the ring loses nothing, since the sweep rings too. With `looks`, Overloaded is raised before anything is
        saved if too much waits. Nothing is saved, either, where the idempotency key shows that all was: see `replayed`.
        """
        before = self.job_id, self.shelf.known()

        def save(session: Session) -> tuple[list[Item], bool]:
            self.job_id = before[0]  # what a collision rolled back is not there
            self.shelf.recall(before[1])
            if looks:
                refuse_overload(session)
            if not self._open_job(session):
                return [], False
            saved = self._save(session, chunk)
            if is_last:
                jobs.close_job(session, self._job)
            return saved

        items, has_batches = settled(self.engine, save)
        if has_batches:
            ring_due(self.engine, lane=self.lane, device=self.device)
        self._count(items)
        return items

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
            raise Conflict("This idempotency key was used for other content; use a new key for new content.") from None
        if job.existed and job.closed_at:
            self.replayed = Receipt(job.id, n_new=job.n_total, n_duplicate=job.n_duplicate, n_rejected=job.n_rejected, replayed=True)
            return False
        self.job_id = job.id
        return True

    def _save(self, session: Session, chunk: Sequence[Row | Reject]) -> tuple[list[Item], bool]:
        """Save what is valid and quarantine the rest; return what became of each row, and whether batches were formed."""
        defaults = self._defaults(session)
        results = [one if isinstance(one, Reject) else validated(one, defaults=defaults) for one in chunk]
        records = [one for one in results if isinstance(one, Record)]
        stored = self.shelf.save(session, records, job_id=self._job, lane=self.lane, batched=self.batched)
        n_rejected = self._quarantine(session, chunk, results)
        waiting = iter(stored)
        items = [
            _refused(one) if isinstance(one, Reject) else _item(row.line, next(waiting)) for row, one in zip(chunk, results, strict=True)
        ]
        accepted = [
            (one.record_id, len(record.text.encode())) for record, one in zip(records, stored, strict=True) if one.outcome != "duplicate"
        ]
        jobs.count_intake(session, self._job, n_total=len(accepted), n_duplicate=len(records) - len(accepted), n_rejected=n_rejected)
        return items, self._form(session, accepted)

    def _defaults(self, session: Session) -> Defaults:
        """Return the defaults with the kinds of the sources there are, and of those that the settings name, which win."""
        if self.kinds is None:
            own = settings().sources
            self.kinds = sources.read_kinds(session) | {name: Kind(one.kind) for name, one in own.items() if one.kind}
        return replace(self.defaults, kinds=self.kinds)

    def _quarantine(self, session: Session, chunk: Sequence[Row | Reject], results: Sequence[Record | Reject]) -> int:
        """Keep the rejects under the source that they name; of a line that can't be read, only the caller knows it."""
        by_source: dict[str | None, list[Reject]] = {}
        for row, one in zip(chunk, results, strict=True):
            if isinstance(one, Reject):
                named = None if isinstance(row, Reject) else str(row.fields.get("source") or self.defaults.fallback_source)[:MAX_NAME_BYTES]
                by_source.setdefault(self.defaults.source or named, []).append(one)
        for name, rejects in by_source.items():
            quarantine.keep_rejects(session, rejects, job_id=self._job, source=name)
        return sum(map(len, by_source.values()))

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
