"""Keep one Celery worker a device alive: start, restart with a growing pause, stop; what workers do is left to Celery."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory

import structlog

from workers import queues
from workers.children import SignalInbox, kill_group, signal_inbox, start_child
from workers.devices import Device, choose_devices, default_replicas, find_gpus
from workers.settings import PREFIX, inherited_environment, settings

_log = structlog.get_logger("bellwether.supervisor")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_HEALTHY_S = 60.0  # a worker that lived so long starts anew without a pause
_TICK_S = 1.0
_LAST_PATIENCE_S = 15.0  # for a cold stop, and for any stop once our own parent is gone
_STOPS = (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL)  # warm: finish what runs; cold: drop it; at once


@dataclass(slots=True)
class Worker:
    """One Celery worker that should be running: its node name, command and environment, and how it fares."""

    node: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause_s: float = 0.0
    due_at: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        """Start the process."""
        self.process = start_child(self.command, environment=self.environment)
        self.started_at = time.monotonic()
        _log.info("worker started", node=self.node, pid=self.process.pid)

    def bury(self) -> None:
        """Note the death of the process, kill what it left behind, and plan the next start."""
        assert self.process is not None
        lived = time.monotonic() - self.started_at
        self.pause_s = _FIRST_PAUSE_S if lived > _HEALTHY_S else min(max(self.pause_s * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        self.due_at = time.monotonic() + self.pause_s
        _log.warning(
            "worker died", node=self.node, exit_code=self.process.returncode, lived_s=round(lived, 1), next_start_in_s=self.pause_s
        )
        self.process = None


def analyze_workers(asked: str, *, replicas: int) -> list[Worker]:
    """Return a worker a device that `asked` names, each seeing only its own device; `replicas` 0 leaves their number to the device."""
    engine = settings().engine
    return [_analyze_worker(device, replicas=replicas or engine.replicas) for device in choose_devices(asked, gpus=find_gpus())]


def _analyze_worker(device: Device, *, replicas: int) -> Worker:
    names = (queues.device_queue(device.name), *queues.ANALYZE_QUEUES)
    threads = str(settings().engine.threads)
    own = {
        "CUDA_VISIBLE_DEVICES": device.visible,
        f"{PREFIX}ENGINE__DEVICE": device.seen_as,
        # One thread a child: under noisy neighbours two OpenMP threads were 7x slower than one, and replicas fill the cores.
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
    }
    return _worker(f"analyze-{device.slug}", names=names, replicas=replicas or default_replicas(device), environment=own)


def io_worker(*, replicas: int) -> Worker:
    """Return the worker of alerts and input/output, which never loads a model; two children, so that a slow notifier holds up one."""
    return _worker("io", names=queues.IO_QUEUES, replicas=replicas or 2, environment={"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"})


def _worker(name: str, *, names: Sequence[str], replicas: int, environment: Mapping[str, str]) -> Worker:
    node = f"{name}@{gethostname()}"
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-n", node, "-c", str(replicas), "-Q", ",".join(names)]
    # Gossip and mingle make every worker talk to every other, for features not used here; the heartbeat stays, Flower shows it.
    command += ["--without-gossip", "--without-mingle", "--events", "--loglevel", settings().log_level.upper()]
    return Worker(node, command, {**inherited_environment(), **environment})


def supervise(workers: Sequence[Worker]) -> None:
    """Run `workers` until a signal: the first SIGTERM or SIGINT lets batches finish, the second drops them, the third kills."""
    with _shared_metrics(workers), signal_inbox(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD) as inbox:
        _Supervisor(workers).run(inbox)


@dataclass(slots=True)
class _Supervisor:
    workers: Sequence[Worker]
    parent: int = field(default_factory=os.getppid)
    n_asked: int = 0  # how often a stop was asked for
    asked_at: float = 0.0

    def run(self, inbox: SignalInbox) -> None:
        """Tend the workers until they are stopped; whatever ends this, none is left behind."""
        try:
            while not self.n_asked or any(worker.process for worker in self.workers):
                self._tend()
                self._wait(inbox)
        finally:
            for worker in self.workers:
                if worker.process:
                    kill_group(worker.process)

    def _tend(self) -> None:
        for worker in self.workers:
            if worker.process and worker.process.poll() is not None:
                worker.bury()
                _give_back_batches(worker.node)
            if not self.n_asked and worker.process is None and time.monotonic() >= worker.due_at:
                worker.start()
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
            if worker.process and how is signal.SIGKILL:
                kill_group(worker.process)
            elif worker.process:
                worker.process.send_signal(how)


def _give_back_batches(node: str) -> None:
    """Give back at once what a dead worker held, rather than wait for its leases; the attempts stay counted."""
    if not node.startswith("analyze-"):
        return
    from sqlalchemy.exc import SQLAlchemyError

    from db import batches
    from db.engine import transaction
    from workers import endpoints

    try:
        with transaction(endpoints.engine()) as session:
            n_released = batches.release(session, worker=node, error="worker died")
    except SQLAlchemyError as error:
        _log.warning("its batches wait for their leases", node=node, error=type(error).__name__)
        return
    if n_released:
        _log.warning("gave back its batches", node=node, n_batches=n_released)


@contextmanager
def _shared_metrics(workers: Sequence[Worker]) -> Iterator[None]:
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
