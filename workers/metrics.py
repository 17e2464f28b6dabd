"""Metrics: gauges read from SQL when scraped (the API), and counters of a worker's own children (its supervisor's port).

Counters of several processes can't be told by any one of them: children write them to files that the supervisor adds up
(Prometheus' multi-process mode, switched on by PROMETHEUS_MULTIPROC_DIR); what everyone must agree on is read from SQL.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from sqlalchemy import Engine

    from db.figures import Figures

SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)

tasks = Counter("bellwether_tasks", "Tasks ended, by name and outcome.", ["task", "outcome"])
task_seconds = Histogram("bellwether_task_seconds", "Time a task took.", ["task"], buckets=SECONDS)
batches = Counter("bellwether_batches", "Batches ended in this worker, by lane and outcome.", ["lane", "outcome"])
records = Counter("bellwether_records", "Records analysed in this worker, by lane.", ["lane"])
tokens = Counter("bellwether_tokens", "Tokens analysed in this worker, by lane.", ["lane"])
batch_seconds = Histogram("bellwether_batch_seconds", "Time of a batch, by phase.", ["phase"], buckets=SECONDS)


class SqlCollector(Collector):
    """What SQL knows, asked anew by each scrape."""

    def __init__(self, engine: "Engine") -> None:
        """Ask over `engine`."""
        self.engine = engine

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; `bellwether_up` alone, at 0, where the database does not answer."""
        from sqlalchemy.exc import SQLAlchemyError

        from db.engine import transaction
        from db.figures import read_figures

        try:
            with transaction(self.engine) as session:
                figures: Figures | None = read_figures(session)
        except SQLAlchemyError:
            figures = None
        yield from families(figures)


def families(figures: "Figures | None") -> Iterator[Metric]:
    """Yield what SQL told, or `bellwether_up` alone, at 0, where it told nothing."""
    yield GaugeMetricFamily("bellwether_up", "Whether the database answers.", int(figures is not None))
    if figures is None:
        return
    batches_by_state = GaugeMetricFamily("bellwether_batches_waiting", "Batches not done, by state.", labels=["state"])
    batches_by_state.add_metric(["queued"], figures.n_batches_queued)
    batches_by_state.add_metric(["leased"], figures.n_batches_leased)
    yield batches_by_state
    age = (figures.now - figures.oldest_queued_at).total_seconds() if figures.oldest_queued_at else 0
    yield GaugeMetricFamily("bellwether_backlog_age_seconds", "Age of the oldest queued batch.", age)
    pending = figures.n_records_accepted - figures.n_records_done - figures.n_records_failed
    yield GaugeMetricFamily("bellwether_backlog_records", "Records accepted and not yet analysed.", pending)
    yield GaugeMetricFamily("bellwether_records_unbatched", "Single records that wait to share a batch.", figures.n_records_unbatched)
    yield GaugeMetricFamily("bellwether_jobs_open", "Jobs not finished.", figures.n_jobs_open)
    yield GaugeMetricFamily("bellwether_incidents_open", "Incidents not resolved.", figures.n_incidents_open)
    yield GaugeMetricFamily("bellwether_quarantined", "Records and lines in quarantine.", figures.n_quarantined)
    yield GaugeMetricFamily("bellwether_notifications_due", "Notifications not sent yet.", figures.n_notifications_due)
    given_up = figures.n_notifications_given_up
    yield GaugeMetricFamily("bellwether_notifications_given_up", "Notifications that nobody will be told, after many attempts.", given_up)
    yield GaugeMetricFamily("bellwether_rollups_due", "Notes of changed buckets that wait for their rollup.", figures.n_rollups_due)
    submitted = CounterMetricFamily("bellwether_submitted_records", "Records submitted, by outcome.", labels=["outcome"])
    submitted.add_metric(["accepted"], figures.n_records_accepted)
    submitted.add_metric(["duplicate"], figures.n_duplicates)
    submitted.add_metric(["rejected"], figures.n_rejected)
    yield submitted
    ended = CounterMetricFamily("bellwether_ended_records", "Accepted records whose analysis ended, by outcome.", labels=["outcome"])
    ended.add_metric(["done"], figures.n_records_done)
    ended.add_metric(["failed"], figures.n_records_failed)
    yield ended


def exposition(engine: "Engine") -> tuple[bytes, str]:
    """Return what `GET /metrics` answers, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SqlCollector(engine))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def serve_worker_metrics(folder: Path, *, port: int) -> "WSGIServer":
    """Serve, from a thread, the sum of what the children wrote to `folder`, on loopback; return the server."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    server, _ = start_http_server(port, addr="127.0.0.1", registry=registry)
    return server
