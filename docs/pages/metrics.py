"""Every metric: those that the API reads from SQL, and those that workers count."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pages.markdown import table


def metrics_page() -> str:
    """Return every metric: those that the API reads from SQL, and those that workers count."""
    rows = [[f"`{one.name}{'_total' if one.type == 'counter' else ''}`", one.type, _labels(one), one.documentation] for one in _families()]
    counted = [[f"`{one['name']}`", one["type"], one["labels"], one["documentation"]] for one in _counted()]
    header = ["metric", "type", "labels", "meaning"]
    return "\n\n".join(
        [
            "# Metrics",
            "## From the API",
            "`GET /metrics`: read from SQL at each scrape, so every API process tells the same.",
            table(header, rows),
            "## From the workers",
            "Counted by a worker's children, and served on loopback by its supervisor if `BELLWETHER_WORKER__METRICS_PORT` is set.",
            table(header, counted),
        ]
    )


def _families() -> Iterator[Any]:
    from db.figures import Figures
    from workers import metrics

    nothing: dict[str, Any] = {one.name: None if one.name.endswith("_at") else 0 for one in fields(Figures)}
    yield from metrics.families(Figures(**nothing | {"now": datetime(2026, 1, 1, tzinfo=UTC)}))


def _labels(family: Any) -> str:
    names = {name: sorted({sample.labels[name] for sample in family.samples}) for sample in family.samples for name in sample.labels}
    return "; ".join(f"`{name}`: {', '.join(values)}" for name, values in names.items())


def _counted() -> Iterator[dict[str, str]]:
    from prometheus_client.metrics import MetricWrapperBase

    from workers import metrics

    for one in vars(metrics).values():
        if isinstance(one, MetricWrapperBase):
            family = next(iter(one.describe()))
            suffix = "_total" if family.type == "counter" else ""
            labels = ", ".join(f"`{name}`" for name in one._labelnames)  # noqa: SLF001  # the client has no public way
            yield {"name": family.name + suffix, "type": family.type, "labels": labels, "documentation": family.documentation}
