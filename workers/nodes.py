"""Node names that one supervisor holds at a time, so that none gives back what another one's worker is analysing."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import IO

import structlog

from workers.children import Child

_log = structlog.get_logger("bellwether.nodes")


@contextmanager
def own_names(workers: Sequence[Child], *, folder: Path) -> Iterator[None]:
    """Give each worker the first of its name, name-2, name-3, ... that no supervisor of this folder holds, until the block ends.

    The kernel takes a name back however its holder ends. Where the folder can't be written the names stay as they are.
    """
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for worker in workers:
                held.enter_context(_rename(worker, folder))
        except OSError as error:
            _log.warning("node names not held: run one supervisor a host", folder=str(folder), error=error.strerror)
        yield


def _rename(worker: Child, folder: Path) -> IO[str]:
    """Rename the worker, in its command too, and return the lock of its new name."""
    first, _, host = worker.name.partition("@")
    for number in count(1):
        name = worker.name if number == 1 else f"{first}-{number}@{host}"
        lock = (folder / f"{name}.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        worker.command = [name if word == worker.name else word for word in worker.command]
        worker.name = name
        return lock
    raise AssertionError("names never end")
