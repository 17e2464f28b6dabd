"""The base of every task: its time, metrics and log context, once; what a task does is left to `workers.tasks`."""

from time import perf_counter
from typing import Any

import structlog
from celery import Task

from workers import metrics
from workers.faults import TaskFailed, describe, places

_log = structlog.get_logger("bellwether.task")


class BellwetherTask(Task):  # type: ignore[type-arg]  # generic only in its stubs
    """A task that is timed and counted, and whose failure is logged with its name."""

    abstract = True
    ignore_result = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task's body in its log context; what it raises becomes TaskFailed, without words of anybody's record."""
        with structlog.contextvars.bound_contextvars(task=self.name, task_id=self.request.id):
            started = perf_counter()
            outcome = "failed"
            try:
                result = self.run(*args, **kwargs)
                outcome = "done"
            except Exception as error:  # noqa: BLE001  # whatever it is, its message may hold text: a traceback would end with it
                _log.error("task failed", error=describe(error), raised_at=places(error))
                raise TaskFailed(describe(error)) from None
            finally:
                metrics.tasks.labels(self.name, outcome).inc()
                metrics.task_seconds.labels(self.name).observe(perf_counter() - started)
            return result
