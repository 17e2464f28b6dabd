"""Sweeps beside the analyze workers, too, so that no analysis stands still for want of beat or the io worker; `workers.sweeper` sweeps."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from workers.faults import describe

EVERY = timedelta(seconds=15)
"""Rarer than beat's tick: only where that fails is there anything left to do."""

_STOP_S = 5.0
_log = structlog.get_logger("bellwether.standby")


@contextmanager
def standby_sweep(*, every: timedelta = EVERY) -> Iterator[None]:
    """Sweep from a thread, every so often, until the block ends; an error is told, and the next sweep comes."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every.total_seconds()):
            try:
                _sweep()
            except Exception as error:  # noqa: BLE001  # a database or broker that is away comes back
                _log.warning("not swept", error=describe(error))

    thread = threading.Thread(target=run, name="standby-sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(_STOP_S)


def _sweep() -> None:
    from workers import endpoints
    from workers.sweeper import sweep_once

    sweep_once(endpoints.engine())
