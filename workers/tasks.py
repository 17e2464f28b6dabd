"""Every task, thin: what happens, in the order it happens; time, metrics and errors are left to `workers.base` and `workers.ledger`."""

from uuid import UUID

from workers import endpoints, ledger
from workers.app import app
from workers.base import BellwetherTask

PULL_LIMIT_S = 3600
"""A large file takes longer than a batch may; cut off, it goes on at the next pull."""


@app.task(name="bellwether.analyze", base=BellwetherTask, bind=True)
def analyze(self: BellwetherTask, batch_id: str) -> None:
    """Analyse one batch: claim it, read its records, ask the resident analyst, finish it."""
    from workers.analyst import analyst

    with ledger.held(UUID(batch_id), engine=endpoints.engine(), worker=self.request.hostname or "unnamed") as batch:
        if batch:
            documents = batch.documents()
            with batch.timed("analyze"):
                outcomes = analyst().analyze(documents)
            batch.finish(outcomes, model=analyst().model.ref, device=analyst().model.device)


@app.task(name="bellwether.sweep", base=BellwetherTask)
def sweep() -> None:
    """Take back run-out leases, batch what lingered, ring what is due."""
    from workers.sweeper import sweep_once

    sweep_once(endpoints.engine())


@app.task(name="bellwether.rollups", base=BellwetherTask)
def refresh_rollups() -> None:
    """Recompute the time buckets whose records changed."""
    from workers.sweeper import refresh_rollups_once

    refresh_rollups_once(endpoints.engine())


@app.task(name="bellwether.alerts.scan", base=BellwetherTask)
def scan_alerts() -> None:
    """Judge every series up to the watermark."""
    from workers.alerting import scan

    scan(endpoints.engine())


@app.task(name="bellwether.alerts.deliver", base=BellwetherTask)
def deliver_alerts() -> None:
    """Send what the outbox holds."""
    from workers.alerting import deliver

    deliver(endpoints.engine())


@app.task(name="bellwether.inbox.drain", base=BellwetherTask)
def drain_inbox() -> None:
    """Take in what external producers appended to the Redis stream."""
    from workers.inbox import drain

    drain(endpoints.engine(), endpoints.redis_client())


@app.task(name="bellwether.sources.pull", base=BellwetherTask, time_limit=PULL_LIMIT_S)
def pull_source(name: str) -> None:
    """Pull one scheduled source."""
    from workers.sources import pull

    pull(endpoints.engine(), name)


@app.task(name="bellwether.prune", base=BellwetherTask)
def prune() -> None:
    """Delete what is older than its retention."""
    from workers.sweeper import prune_once

    prune_once(endpoints.engine())
