"""Hold a batch while it is analysed: claim, renew, finish or give back; what its records say is left to the analyst."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from db import batches, records, results
from db.engine import settled, transaction
from pipelines.records import Analysis, Document, Failure, ModelRef
from workers import metrics
from workers.faults import describe, place
from workers.settings import settings
from workers.trust import trust

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from db.batches import Claim

_log = structlog.get_logger("bellwether.batch")
_MAX_BACKOFF = timedelta(minutes=5)


@dataclass(slots=True)
class HeldBatch:
    """A batch under this process's lease."""

    engine: "Engine"
    claim: "Claim"
    saved: bool = False
    line: dict[str, Any] = field(default_factory=dict)

    def documents(self) -> list[Document]:
        """Read the batch's records; those superseded or quarantined meanwhile are left out."""
        with transaction(self.engine) as session, self.timed("read"):
            found = records.read_documents(session, self.claim.record_ids)
        self.line["n_records"] = len(found)
        return found

    def finish(self, outcomes: Sequence[Analysis | Failure], *, model: ModelRef, device: str) -> None:
        """Save what was found and mark the batch done, in one transaction; LeaseLost if it was fenced off."""
        analyses = [one for one in outcomes if isinstance(one, Analysis)]
        failures = [one for one in outcomes if isinstance(one, Failure)]

        def save(session: "Session") -> None:
            model_id = results.ensure_model(session, model)
            results.save_results(session, self.claim, analyses=analyses, failures=failures, model_id=model_id)

        with self.timed("save"):
            settled(self.engine, save)
        self.saved = True
        self.line |= {
            "n_done": len(analyses),
            "n_failed": len(failures),
            "n_tokens": sum(one.n_tokens for one in analyses),
            "model": f"{model.name}@{model.revision}",
            "device": device,
        }

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Add the time spent inside to the batch's log line and to the metrics."""
        started = perf_counter()
        try:
            yield
        finally:
            took = perf_counter() - started
            self.line[f"{phase}_s"] = round(took, 4)
            metrics.batch_seconds.labels(phase).observe(took)


@contextmanager
def held(batch_id: UUID, *, engine: "Engine", worker: str) -> Iterator[HeldBatch | None]:
    """Yield the batch under a lease that is renewed meanwhile; None if it is done or held by somebody else.

    Whatever is raised inside gives the batch back, to be tried later; a lost lease drops the work quietly, since somebody
    else has it. Nothing is raised on, so that Celery acknowledges the message: SQL knows the rest.
    """
    started = perf_counter()
    with transaction(engine) as session:
        claim = batches.claim(session, batch_id, lease=settings().ledger.lease, worker=worker)
    if claim is None:
        _log.debug("batch is done or held elsewhere", batch=str(batch_id))
        yield None
        return
    batch = HeldBatch(engine, claim)
    batch.line |= {"wait_s": round(claim.waited.total_seconds(), 3), "claim_s": round(perf_counter() - started, 4)}
    metrics.batch_seconds.labels("wait").observe(claim.waited.total_seconds())
    outcome = "failed"
    try:
        with _renewed(batch):
            yield batch
        outcome = "done" if batch.saved else "dropped"
        trust.earn()
    except batches.LeaseLost:
        outcome = "lease_lost"
    except Exception as error:  # noqa: BLE001  # any failure goes to the ledger: it decides on retry, bisection and quarantine
        trust.lose(error)
        _give_back(batch, error)
    finally:
        _tell(batch, outcome)


def _give_back(batch: HeldBatch, error: Exception) -> None:
    """Put the batch back with its error's class (and, where it is ours and so free of text, its message) and a growing pause."""
    detail = describe(error)
    batch.line["error"] = detail
    batch.line["raised_at"] = place(error)
    backoff = min(settings().ledger.retry_backoff * 2 ** (batch.claim.attempts - 1), _MAX_BACKOFF)
    with suppress(batches.LeaseLost), transaction(batch.engine) as session:
        batches.fail(session, batch.claim, error=detail, retry_in=backoff)


def _tell(batch: HeldBatch, outcome: str) -> None:
    claim, line = batch.claim, batch.line
    metrics.batches.labels(claim.lane, outcome).inc()
    metrics.records.labels(claim.lane).inc(line.get("n_done", 0))
    metrics.tokens.labels(claim.lane).inc(line.get("n_tokens", 0))
    _log.info("batch", batch=str(claim.batch_id), lane=str(claim.lane), outcome=outcome, attempts=claim.attempts, **line)


@contextmanager
def _renewed(batch: HeldBatch) -> Iterator[None]:
    """Renew the lease every third of it from a thread, until the block ends or the lease is lost."""
    lease = settings().ledger.lease
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease.total_seconds() / 3):
            try:
                with transaction(batch.engine) as session:
                    batches.renew(session, batch.claim, lease=lease)
            except batches.LeaseLost:
                return  # the finish will be fenced off and say so
            except Exception as error:  # noqa: BLE001  # the database may be back before the lease runs out
                _log.warning("lease not renewed", batch=str(batch.claim.batch_id), error=type(error).__name__)

    thread = threading.Thread(target=renew, name="renew-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
