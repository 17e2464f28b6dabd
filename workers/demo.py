"""The main job on the shipped sample: send it, wait for its analysis and alerts, read the answers; `workers.demo_page` draws them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db import incidents, jobs, reports, watermarks
from db.engine import transaction
from db.figures import read_figures
from pipelines.records import Kind, Lane
from workers import endpoints, queues
from workers.errors import BellwetherError, TimedOut
from workers.settings import settings

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Engine

    from db.incidents import IncidentView
    from db.jobs import JobView
    from db.reports import Row
    from workers.receipt import Receipt

SAMPLE = Path(__file__).parent / "sample"
_POLL_S, _NUDGE_S = 0.2, 3.0
_ANALYSED_S, _JUDGED_S = 1800.0, 120.0

Pause = Callable[[float], None]
"""Waits so many seconds, or raises because somebody pressed Ctrl-C."""


class DemoFailed(BellwetherError):
    """Something is not as it should be; the message says what."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the sample and how it is sent."""

    file: str
    source: str
    kind: Kind
    taxonomy: str


PARTS = (
    Part("market.jsonl.gz", "market-messages", Kind.NEWS, "finance-desk"),
    Part("complaints.jsonl.gz", "complaints", Kind.SUPPORT, "complaints"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the sample is, `seconds` after the first batch was taken."""

    n_total: int
    n_done: int
    n_failed: int
    n_rejected: int
    seconds: float

    @property
    def records_per_s(self) -> float:
        """Records analysed a second since the model was loaded."""
        return self.n_done / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What the closing page shows."""

    sentiment: "Sequence[Row]"
    topics: "Sequence[Row]"
    entities: "Sequence[Row]"
    incident: "IncidentView"
    n_incidents: int


def send(engine: "Engine") -> "list[Receipt]":
    """Send every part of the sample; a second time stores nothing new."""
    from workers.intake import submit
    from workers.readers import open_rows

    receipts = []
    for part in PARTS:
        with open_rows(str(SAMPLE / part.file), max_bytes=settings().intake.max_record_bytes) as rows:
            receipt = submit(engine, rows, source=part.source, kind=part.kind, taxonomy=part.taxonomy, lane=Lane.LIVE, submitted_by="demo")
        receipts.append(receipt)
    return receipts


def await_analysis(engine: "Engine", job_ids: "Sequence[UUID]", *, show: Callable[[Progress], None], pause: Pause) -> Progress:
    """Wait until every job is finished, as SQL tells; TimedOut after half an hour."""
    started = busy_since = time.monotonic()
    while True:
        with transaction(engine) as session:
            found = [view for job_id in job_ids if (view := jobs.read_job(session, job_id))]
        now = time.monotonic()
        progress = _progress(found, seconds=now - busy_since)
        show(progress)
        if all(view.finished_at for view in found):
            return progress
        if not progress.n_done:  # the model is being loaded, which is not its speed
            busy_since = now
        if now - started > _ANALYSED_S:
            raise TimedOut(
                f"{progress.n_done:,} of {progress.n_total:,} records after {_ANALYSED_S / 60:.0f} minutes; read the analyze worker's log."
            )
        pause(_POLL_S)


def _progress(found: "Sequence[JobView]", *, seconds: float) -> Progress:
    n_total, n_done, n_failed, n_rejected = (
        sum(getattr(one, name) for one in found) for name in ("n_total", "n_done", "n_failed", "n_rejected")
    )
    return Progress(n_total, n_done, n_failed, n_rejected, seconds)


def await_alerts(engine: "Engine", *, pause: Pause) -> None:
    """Wait until the io worker has judged every source to its end, asking it to look sooner than beat does."""
    from workers.app import app

    started, asked = time.monotonic(), 0.0
    while not is_judged(engine):
        now = time.monotonic()
        if now - started > _JUDGED_S:
            raise TimedOut(f"The alerts were not judged within {_JUDGED_S:.0f} s; read the io worker's log.")
        if now - asked > _NUDGE_S:
            for name in ("bellwether.rollups", "bellwether.alerts.scan"):
                app.send_task(name, queue=queues.ALERTS, expires=_JUDGED_S, ignore_result=True)
            asked = now
        pause(_POLL_S)


def is_judged(engine: "Engine") -> bool:
    """Tell whether the scan has nothing left to do: every rollup is fresh, every source was judged, and none can be any further."""
    from datetime import UTC, datetime

    bucket, alerts, now = settings().rollups.bucket, settings().alerts, datetime.now(UTC)
    with transaction(engine) as session:
        if read_figures(session).n_rollups_due:
            return False
        for source_id in watermarks.source_ids(session):
            held = watermarks.hold_source(session, source_id)
            if held is None or held.scanned_until is None:
                return False
            if watermarks.span_to_judge(
                session, held, bucket=bucket, lateness=alerts.lateness, idle=alerts.idle, rejudges=alerts.rejudges, now=now
            ):
                return False
    return True


def read_answers(engine: "Engine") -> Answers:
    """Read what the reports and the alerts say; DemoFailed if nothing was found alarming, for the sample holds a real turn."""
    with transaction(engine) as session:
        strongest = incidents.strongest_incident(session, source=PARTS[0].source)
        if strongest is None:
            raise DemoFailed(
                "The scan opened no incident, although the sample holds a real turn of sentiment; `bellwether doctor` may say why."
            )
        return Answers(
            sentiment=reports.sentiment(session),
            topics=[row for part in PARTS for row in reports.topics(session, source=part.source, limit=5)],
            entities=[row for part in PARTS for row in reports.entities(session, source=part.source, limit=5)],
            incident=strongest,
            n_incidents=len(incidents.list_incidents(session, limit=1000)),
        )


def engine() -> "Engine":
    """Return the pool of connections to the stack's database."""
    return endpoints.engine()
