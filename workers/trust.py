"""Whether this process may go on analysing: a device that failed in a way nobody foresaw may fail every batch from then on.

Such a process would take batch after batch to quarantine, faster than any sound one reads them. What failed is told elsewhere.
"""

import os
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from pipelines.errors import PipelineError
from workers.faults import describe

ENOUGH = 3
"""Failures in a row: one batch with a bad record among sound ones is no reason to load the model again."""

_FORESEEN = (PipelineError, SQLAlchemyError, OSError)
_SOFTWARE_FAULT = 70
_log = structlog.get_logger("bellwether.trust")


class Trust:
    """Counts failures in a row; `leave` ends the process, and does nothing unless it is a pool's child."""

    def __init__(self) -> None:
        """Start with trust, and nowhere to go."""
        self.n_in_a_row = 0
        self.leave: Callable[[], None] = lambda: None

    def earn(self) -> None:
        """Note a batch that was analysed."""
        self.n_in_a_row = 0

    def lose(self, error: Exception) -> None:
        """Note a failure; leave at the third in a row that nobody foresaw, with the batch in hand: to the ledger, a crash."""
        if isinstance(error, _FORESEEN):
            return
        self.n_in_a_row += 1
        if self.n_in_a_row >= ENOUGH:
            _log.error("this process fails batch after batch; a new one takes its place", error=describe(error), n_failed=self.n_in_a_row)
            self.leave()


def leave_process() -> None:
    """End this process at once."""
    os._exit(_SOFTWARE_FAULT)


trust = Trust()
