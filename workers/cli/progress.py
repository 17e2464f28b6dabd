"""Progress on a terminal, and silence off it; what is counted is left to the commands."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from db.jobs import JobView


class Counter(Protocol):
    """Something that shows how far a piece of work is."""

    def update(self, *, done: int, total: int | None = None, note: str = "") -> None:
        """Show `done` of `total`, with a few words."""


class _Silent:
    def update(self, *, done: int, total: int | None = None, note: str = "") -> None:
        """Show nothing."""


class _Bar:
    def __init__(self, progress: Any, task: Any) -> None:
        self._progress, self._task = progress, task

    def update(self, *, done: int, total: int | None = None, note: str = "") -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done, total=total, note=note)


@contextmanager
def shown(what: str) -> Iterator[Counter]:
    """Give a counter that draws on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, progress.add_task(what, total=None, note=""))


def follow(jobs: Iterable["JobView"]) -> "JobView":
    """Draw a job's progress until it is finished, and return it as it ended."""
    from time import monotonic

    last: JobView | None = None
    started = monotonic()
    first = 0
    with shown("analysing") as counter:
        for job in jobs:
            settled = job.n_done + job.n_failed
            first = settled if last is None else first
            seconds = monotonic() - started
            rate = f"{(settled - first) / seconds:,.0f} records/s" if seconds >= 1 else ""
            failed = f", {job.n_failed:,} quarantined" if job.n_failed else ""
            counter.update(done=settled, total=job.n_total, note=f"{rate}{failed}")
            last = job
    assert last is not None
    return last
