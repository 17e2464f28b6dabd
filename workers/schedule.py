"""What beat sends and when, in one place; what the tasks do is told in `workers.tasks`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from workers import queues
from workers.settings import Settings, settings

_LEAST_EXPIRY_S = 60.0
"""Expiry compares the clocks of two machines: were it shorter, a worker some seconds ahead of beat would drop every tick, unseen."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A task that beat sends `every` so often; a message that waited too long is dropped, so that no pile waits for a stopped worker."""

    task: str
    every: timedelta
    queue: str
    why: str
    args: tuple[str, ...] = ()


def entries(chosen: Settings | None = None) -> dict[str, Entry]:
    """Return every entry by name. A tick is a hint: what is due stands in SQL, so missed, late or double ticks are harmless."""
    one = chosen or settings()
    fixed = {
        "sweep": Entry(
            "bellwether.sweep", one.ledger.sweep_every, queues.IO, "ring due batches; take back run-out leases; bisect what keeps failing"
        ),
        "inbox": Entry("bellwether.inbox.drain", one.ledger.sweep_every, queues.IO, "take in what producers appended to the Redis stream"),
        "rollups": Entry("bellwether.rollups", one.rollups.refresh_every, queues.ALERTS, "recompute the time buckets that records touched"),
        "scan": Entry(
            "bellwether.alerts.scan", one.alerts.scan_every, queues.ALERTS, "judge each series up to the watermark of event time"
        ),
        "deliver": Entry("bellwether.alerts.deliver", timedelta(seconds=5), queues.ALERTS, "send what the outbox holds, each once"),
        "prune": Entry("bellwether.prune", one.retention.prune_every, queues.IO, "delete what is older than its retention"),
    }
    pulled = {
        f"pull-{name}": Entry("bellwether.sources.pull", source.every, queues.IO, f"pull {source.pull} {source.location}", (name,))
        for name, source in one.sources.items()
        if source.pull
    }
    return fixed | pulled


def beat_schedule(chosen: Settings | None = None) -> Mapping[str, dict[str, Any]]:
    """Return the entries as Celery's beat reads them."""
    return {
        name: {
            "task": entry.task,
            "schedule": entry.every,
            "args": entry.args,
            "options": {"queue": entry.queue, "expires": max(entry.every.total_seconds(), _LEAST_EXPIRY_S), "ignore_result": True},
        }
        for name, entry in entries(chosen).items()
    }
