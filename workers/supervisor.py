"""Keep one Celery worker a device alive: start, restart with a growing pause, stop; what workers do is left to Celery."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory

import structlog

from workers import queues
from workers.artifacts import require_model
from workers.children import Child, SignalInbox, signal_inbox
from workers.devices import Device, choose_devices, default_replicas, find_gpus
from workers.nodes import own_names
from workers.settings import PREFIX, inherited_environment, settings
from workers.standby import standby_sweep

_log = structlog.get_logger("bellwether.supervisor")
_TICK_S = 1.0
_LAST_PATIENCE_S = 15.0  # for a cold stop, and for any stop once our own parent is gone
_STOPS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL)  # warm: finish what runs; cold: drop it; at once


def analyze_workers(asked: str, *, replicas: int) -> list[Child]:
    """Return a worker a device that `asked` names, each seeing only its own device; `replicas` 0 leaves their number to the device."""
    engine = settings().engine
    require_model(engine)
    return [_analyze_worker(device, replicas=replicas or engine.replicas) for device in choose_devices(asked, gpus=find_gpus())]


def _analyze_worker(device: Device, *, replicas: int) -> Child:
    names = (queues.device_queue(device.name), *queues.ANALYZE_QUEUES)
    threads, replicas = str(settings().engine.threads), replicas or default_replicas(device)
    own = {
        "CUDA_VISIBLE_DEVICES": device.visible,
        f"{PREFIX}ENGINE__DEVICE": device.seen_as,
        f"{PREFIX}ENGINE__REPLICAS": str(replicas),
        # One thread a child: under noisy neighbours two OpenMP threads were 7x slower than one, and replicas fill the cores.
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
    }
    return _worker(f"analyze-{device.slug}", names=names, replicas=replicas, environment=own)


def io_worker(*, replicas: int) -> Child:
    """Return the worker of alerts and input/output, which never loads a model; two children, so that a slow notifier holds up one."""
    return _worker("io", names=queues.IO_QUEUES, replicas=replicas or 2, environment={"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"})


def _worker(name: str, *, names: Sequence[str], replicas: int, environment: Mapping[str, str]) -> Child:
    node = f"{name}@{gethostname()}"
    command = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "workers.app",
        "worker",
        "-n",
        node,
        "-c",
        str(replicas),
        "-Q",
        ",".join(names),
    ]
    # Gossip and mingle make every worker talk to every other, for features not used here; the heartbeat stays, Flower shows it.
    command += ["--without-gossip", "--without-mingle", "--events", "--loglevel", "WARNING"]
    return Child(node, command, {**inherited_environment(), **environment})


def supervise(workers: Sequence[Child]) -> None:
    """Run `workers` until a signal: the first SIGTERM or SIGINT lets batches finish, the second drops them, the third kills."""
    with (
        own_names(workers, folder=settings().home / "nodes"),
        _shared_metrics(workers),
        signal_inbox(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD) as inbox,
        standby_sweep() if any(map(_analyzes, workers)) else nullcontext(),
    ):
        _Supervisor(workers).run(inbox)


def _analyzes(worker: Child) -> bool:
    return worker.name.startswith("analyze-")


@dataclass(slots=True)
class _Supervisor:
    workers: Sequence[Child]
    parent: int = field(default_factory=os.getppid)
    n_asked: int = 0  # how often a stop was asked for
    asked_at: float = 0.0

    def run(self, inbox: SignalInbox) -> None:
        """Tend the workers until they are stopped; whatever ends this, none is left behind."""
        for worker in self.workers:  # what a worker of this name held when its supervisor died with it
            _give_back_batches(worker)
        try:
            while not self.n_asked or any(worker.process for worker in self.workers):
                self._tend()
                self._wait(inbox)
        finally:
            for worker in self.workers:
                worker.stop(signal.SIGKILL)

    def _tend(self) -> None:
        for worker in self.workers:
            if (code := worker.died()) is not None:
                _tell_end(worker, code, asked=self.n_asked > 0)
                if code or not self.n_asked:
                    _give_back_batches(worker)
            if not self.n_asked and worker.is_due():
                worker.start()
                _log.info("worker started", node=worker.name)
        if self.n_asked and time.monotonic() - self.asked_at > self._patience_s():
            self._stop()

    def _wait(self, inbox: SignalInbox) -> None:
        due = [] if self.n_asked else [worker.due_at - time.monotonic() for worker in self.workers if worker.process is None]
        for number in inbox.wait(min([_TICK_S, *due])):
            if number != signal.SIGCHLD:
                self._stop()

    def _patience_s(self) -> float:
        """Return how long a stop may take: until the last batch must have ended; little where nobody waits for us any more."""
        if os.getppid() != self.parent or self.n_asked > 1:
            return _LAST_PATIENCE_S
        return settings().ledger.task_time_limit.total_seconds() + _LAST_PATIENCE_S

    def _stop(self) -> None:
        how = _STOPS[min(self.n_asked, len(_STOPS) - 1)]
        self.n_asked, self.asked_at = self.n_asked + 1, time.monotonic()
        _log.info("stopping", signal=how.name)
        for worker in self.workers:
            worker.stop(how)


def _tell_end(worker: Child, code: int, *, asked: bool) -> None:
    if asked:
        _log.info("worker stopped", node=worker.name, exit_code=code)
    else:
        _log.warning("worker died", node=worker.name, exit_code=code, next_start_in_s=worker.pause_s)


def _give_back_batches(worker: Child) -> None:
    """Give back at once what a dead worker held, rather than wait for its leases; the attempts stay counted."""
    if not _analyzes(worker):
        return
    from sqlalchemy.exc import SQLAlchemyError

    from db.engine import transaction
    from db.releasing import release_worker
    from workers import endpoints

    try:
        with transaction(endpoints.engine()) as session:
            n_released = release_worker(session, worker=worker.name, error="crashed_worker: the worker that held it died")
    except SQLAlchemyError as error:
        _log.warning("its batches wait for their leases", node=worker.name, error=type(error).__name__)
        return
    if n_released:
        _log.warning("gave back its batches", node=worker.name, n_batches=n_released)


@contextmanager
def _shared_metrics(workers: Sequence[Child]) -> Iterator[None]:
    """Serve what the workers' children count, if a port is set."""
    port = settings().worker.metrics_port
    if port is None:
        yield
        return
    from workers.metrics import serve_worker_metrics

    with TemporaryDirectory(prefix="bellwether-metrics-", ignore_cleanup_errors=True) as folder:
        for worker in workers:
            worker.environment = {**worker.environment, "PROMETHEUS_MULTIPROC_DIR": folder}
        serve_worker_metrics(Path(folder), port=port)
        yield
