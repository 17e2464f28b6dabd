"""What happens when Celery processes come and go: logs, the resident model, batches of a dead child; children see it by `include`."""

import os
import time
from threading import Thread, Timer
from typing import Any
from uuid import UUID

import structlog
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import signals

from workers import endpoints
from workers.faults import describe
from workers.logs import configure_logs
from workers.settings import settings
from workers.trust import leave_process, trust

_log = structlog.get_logger("bellwether.lifecycle")
_PAUSE_S = 5.0  # before a child that can't load its model ends, so that the pool does not spin
_LAST_PATIENCE_S = 30.0  # after the longest task: later than the supervisor's own
CRASHES: dict[type[BaseException], str] = {
    WorkerLostError: "crashed_worker: the process that analysed it died",
    TimeLimitExceeded: "timed_out: its analysis took longer than ledger.task_time_limit",
}
ANALYZE = "analyze-"
"""How the node names of workers that hold a model begin."""


@signals.setup_logging.connect
def set_up_logs(**_: Any) -> None:
    """Take logging over from Celery, in parents and in children."""
    configure_logs("worker")


@signals.worker_process_init.connect
def prepare_child(sender: str | None = None, **_: Any) -> None:
    """Load and warm the model before the child takes its first batch; a child that can't ends, so that no batch is tried in vain."""
    structlog.contextvars.bind_contextvars(node=sender, pid=os.getpid())
    if not (sender or "").startswith(ANALYZE):
        return
    trust.leave = leave_process
    try:
        from workers.analyst import analyst

        analyst()
    except Exception as error:  # noqa: BLE001  # whatever the reason, this child must not consume
        told = f"{type(error).__name__}: {error}"  # whole: no record was read yet
        _log.exception("the model can't be loaded; `bellwether doctor` says what is missing", error=told)
        time.sleep(_PAUSE_S)
        os._exit(78)


@signals.worker_shutting_down.connect
def bound_shutdown(**_: Any) -> None:
    """End this parent for good if its warm stop never ends: the supervisor that would kill it may be gone."""
    limit_s = settings().ledger.task_time_limit.total_seconds() + _LAST_PATIENCE_S
    timer = Timer(limit_s, os._exit, args=(1,))
    timer.daemon = True
    timer.start()


@signals.task_failure.connect
def give_back_batch(sender: Any = None, args: Any = None, exception: BaseException | None = None, **_: Any) -> Thread | None:
    """Give back, from the parent, the batch of a child that crashed or was killed for its time, rather than wait for its lease.

    In a thread of its own: a child that hung while it saved still locks the batch, and it is this parent that is about to kill it.
    """
    crash = CRASHES.get(type(exception)) if exception else None
    if crash is None or getattr(sender, "name", "") != "bellwether.analyze":
        return None
    _log.warning("the child that held a batch is gone", batch=args[0], error=type(exception).__name__)
    thread = Thread(target=_give_back, args=(UUID(args[0]), crash), name="give-back-batch", daemon=True)
    thread.start()
    return thread


def _give_back(batch_id: UUID, crash: str) -> None:
    from db.engine import transaction
    from db.releasing import release

    try:
        with transaction(endpoints.engine()) as session:
            release(session, batch_id=batch_id, error=crash, retry_in=settings().ledger.retry_backoff)
    except Exception as error:  # noqa: BLE001  # whatever the reason, the lease runs out
        _log.warning("it waits for its lease", batch=str(batch_id), error=describe(error))
