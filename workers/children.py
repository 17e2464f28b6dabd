"""Start, watch and stop child processes that never outlive this one; which processes and when is left to the supervisor and the stack."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

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
