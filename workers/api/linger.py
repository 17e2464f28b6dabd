"""Batches single records shortly after they came, so that a busy stream shares batches; the sweep does it should this process die."""

import threading
from datetime import timedelta

import structlog

from workers import endpoints
from workers.doorbell import batch_lingering

_log = structlog.get_logger("bellwether.linger")


class Lingerer:
    """A thread that sleeps until a single record comes, gives it company for `linger`, then forms batches and rings."""

    def __init__(self, *, linger: timedelta) -> None:
        """Prepare; `start` starts the thread."""
        self._linger = linger
        self._came, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="linger", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def poke(self) -> None:
        """Tell that a single record was committed."""
        self._came.set()

    def stop(self) -> None:
        """Batch what came last, and end the thread."""
        self._over.set()
        self._came.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            self._came.wait()
            self._over.wait(self._linger.total_seconds())
            self._came.clear()
            try:
                batch_lingering(endpoints.engine())
            except Exception as error:  # noqa: BLE001  # the sweep is the guarantee; this thread must outlive any failure
                _log.warning("lingering records not batched; the sweep will", error=type(error).__name__)
            if self._over.is_set():
                return
