"""Queue names and who consumes them; the names are Redis lists, hence the prefix."""

from kombu import Queue

from pipelines.records import Lane

PREFIX = "bellwether."
ANALYZE_LIVE = "bellwether.analyze.live"
ANALYZE_BACKFILL = "bellwether.analyze.backfill"
IO = "bellwether.io"
ALERTS = "bellwether.alerts"

MAX_CUDA_DEVICES = 16

ANALYZE_QUEUES = (ANALYZE_LIVE, ANALYZE_BACKFILL)
"""In the order of priority: a worker takes from the second only while the first is empty."""

IO_QUEUES = (ALERTS, IO)


def lane_queue(lane: Lane | str) -> str:
    """Return the queue that carries the batches of `lane`."""
    return f"bellwether.analyze.{Lane(lane)}"


def device_queue(device: str) -> str:
    """Return the queue of batches that a caller pinned to `device`, such as `cuda:0`."""
    return f"bellwether.analyze.{device.replace(':', '')}"


DEVICE_QUEUES = tuple(device_queue(name) for name in ("cpu", *(f"cuda:{index}" for index in range(MAX_CUDA_DEVICES))))
"""Of batches pinned to a device; declared up front, since queues are never made by name alone."""

ALL = (*ANALYZE_QUEUES, *DEVICE_QUEUES, *IO_QUEUES)


def declared(names: tuple[str, ...]) -> list[Queue]:
    """Return kombu declarations of `names`."""
    return [Queue(name, routing_key=name) for name in names]
