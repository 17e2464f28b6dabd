"""The base of every task: its time, metrics and log context, once; what a task does is left to `workers.tasks`."""

from time import perf_counter
from typing import Any

import structlog
from celery import Task

from workers import metrics

_log = structlog.get_logger("bellwether.task")


class BellwetherTask(Task):  # type: ignore[type-arg]  # generic only in its stubs
    """A task that is timed and counted, and whose failure is logged with its name."""

    abstract = True
    ignore_result = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task's body in its log context."""
        with structlog.contextvars.bound_contextvars(task=self.name, task_id=self.request.id):
            started = perf_counter()
            outcome = "failed"
            try:
                result = self.run(*args, **kwargs)
                outcome = "done"
            except Exception as error:
                _log.exception("task failed", error=type(error).__name__)
                raise
            finally:
                metrics.tasks.labels(self.name, outcome).inc()
                metrics.task_seconds.labels(self.name).observe(perf_counter() - started)
            return result
