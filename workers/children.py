"""Start, watch and stop child processes that never outlive this one; which processes and when is left to the supervisor and the stack."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_HEALTHY_S = 60.0  # who lived so long starts anew with the shortest pause
_LONG_LOG_BYTES, _TAIL_BYTES = 10 << 20, 16 << 10
_TETHER = Path(__file__).with_name("tether.py")


def start_child(command: Sequence[str], *, environment: Mapping[str, str], log: IO[bytes] | None = None) -> "subprocess.Popen[bytes]":
    """Start `command` in a session of its own (so that Ctrl-C reaches only this process), tied to this process's life."""
    return subprocess.Popen(
        [sys.executable, "-S", str(_TETHER), str(os.getpid()), *command],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        start_new_session=True,
    )


@dataclass(slots=True)
class Child:
    """A process that should be running: its name, command and environment, where its output goes, and how it fares."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    process: "subprocess.Popen[bytes] | None" = None
    pause_s: float = 0.0
    started_at: float = 0.0
    due_at: float = 0.0

    def start(self) -> None:
        """Start the process; its log goes on where an earlier run's ended."""
        self.started_at = time.monotonic()
        if self.log is None:
            self.process = start_child(self.command, environment=self.environment)
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as stream:
            self.process = start_child(self.command, environment=self.environment, log=stream)

    def trim_log(self) -> None:
        """Set a long log aside, over the one set aside before, while the process goes on writing: it appends, so the file is emptied."""
        if self.log and self.log.exists() and self.log.stat().st_size > _LONG_LOG_BYTES:
            shutil.copyfile(self.log, self.log.with_suffix(".old.log"))
            os.truncate(self.log, 0)

    def died(self) -> int | None:
        """Return the exit code of a process that has ended since it was last looked at, and plan its next start."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        lived = time.monotonic() - self.started_at
        self.pause_s = _FIRST_PAUSE_S if lived > _HEALTHY_S else min(max(self.pause_s * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        self.due_at = time.monotonic() + self.pause_s
        self.process = None
        return code

    def is_due(self) -> bool:
        """Tell whether the process should be started now."""
        return self.process is None and time.monotonic() >= self.due_at

    def stop(self, how: signal.Signals) -> None:
        """Send `how` to the process; SIGKILL to everything it started, too."""
        if self.process and how is signal.SIGKILL:
            kill_group(self.process)
        elif self.process:
            self.process.send_signal(how)

    def last_lines(self, count: int) -> str:
        """Return the end of the log."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as stream:
            stream.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-count:])


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill the child and everything it started."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        process.wait()


class SignalInbox:
    """Signals as values to wait for, instead of code that interrupts; for the main thread."""

    def __init__(self, reader: socket.socket) -> None:
        """Read from the socket that the interpreter writes signal numbers to."""
        self._reader = reader

    def wait(self, seconds: float) -> list[signal.Signals]:
        """Return the signals that came, as soon as there is one, or nothing after `seconds`."""
        ready, _, _ = select.select([self._reader], [], [], max(seconds, 0))
        return [signal.Signals(number) for number in self._reader.recv(64)] if ready else []


@contextmanager
def signal_inbox(*numbers: signal.Signals) -> Iterator[SignalInbox]:
    """Collect `numbers` (besides those that Python handles itself) instead of letting them end the process."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    reader.setblocking(False)
    before = {number: signal.signal(number, _noted) for number in numbers}
    woken = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield SignalInbox(reader)
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


def _noted(number: int, frame: FrameType | None) -> None:
    """Do nothing: the wakeup socket has the number."""
