"""The whole system on one machine, as children of one process that never outlive it; what each child does is left to it."""

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from typing import IO

from workers import endpoints
from workers.children import Child, SignalInbox
from workers.errors import BellwetherError, Conflict
from workers.settings import PREFIX, inherited_environment, settings

_SERVERS_S, _READY_S = 120.0, 180.0  # generous: a starved machine loads the model in a minute
_STOP_S, _POLL_S = 20.0, 0.1
_LOG_LINES = 15

Say = Callable[[str], None]


class StackError(BellwetherError):
    """A part of the stack did not start; its last lines tell why."""


@dataclass(frozen=True, slots=True)
class Service:
    """A child and how to tell that it is ready."""

    child: Child
    is_ready: Callable[[], bool]


@dataclass(slots=True)
class Stack:
    """A running stack: where its faces are, and its children in the order in which they stop."""

    api_url: str
    flower_url: str
    logs: Path
    services: list[Service] = field(default_factory=list)

    def tend(self) -> list[str]:
        """Restart what died and keep logs short; return a sentence a death."""
        told = []
        for child in (service.child for service in self.services):
            child.trim_log()
            if (code := child.died()) is not None:
                told.append(f"{child.name} ended with code {code}; it starts again in {child.pause_s:.1f} s ({child.log})")
            if child.is_due():
                child.start()
        return told


@contextmanager
def running_stack(inbox: SignalInbox, *, say: Say) -> Iterator[Stack]:
    """Start everything, yield once all of it is ready, and stop it in order, whatever happens; StopAsked if a signal came first."""
    home = settings().home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home), _servers(home, inbox, say=say) as addresses:
        stack = _plan(home)
        try:
            _write_stack_file(addresses | {"api_url": stack.api_url, "flower_url": stack.flower_url})
            _migrate(say)
            _start(stack, inbox, say=say)
            yield stack
        finally:
            _stop(stack, say=say)
            endpoints.stack_file().unlink(missing_ok=True)


class StopAsked(Exception):  # not an error: the user pressed Ctrl-C
    """A signal asked for the stop of a stack that was still starting."""


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the folder's lock, which the kernel takes back however this process ends."""
    with (home / "stack.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = endpoints.read_stack().get("api_url", "starting")
            raise Conflict(f"A stack already runs in {home} ({where}). Use it, stop it, or set {PREFIX}HOME to another folder.") from None
        yield


@contextmanager
def _servers(home: Path, inbox: SignalInbox, *, say: Say) -> Iterator[dict[str, str]]:
    """Run the embedded servers in a process of their own, which stops them when this one closes its pipe or dies."""
    if settings().redis_url and settings().postgres_url:
        yield {}
        return
    say("Starting the embedded servers")
    log = home / "logs" / "servers.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.servers"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, start_new_session=True
        )
    assert process.stdin
    assert process.stdout
    try:
        yield _read_addresses(process.stdout, inbox, log=log)
    finally:
        process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
        process.stdout.close()


def _read_addresses(stream: IO[bytes], inbox: SignalInbox, *, log: Path) -> dict[str, str]:
    line = stream.readline() if _has_told(stream, inbox) else b""
    if not line:
        raise StackError(f"The embedded servers did not start. The end of {log}:\n{Child('servers', [], {}, log).last_lines(_LOG_LINES)}")
    return dict(json.loads(line))


def _has_told(stream: IO[bytes], inbox: SignalInbox) -> bool:
    """Wait until the stream has something to read or ended; False if that takes too long, StopAsked on a signal."""
    deadline = time.monotonic() + _SERVERS_S
    while time.monotonic() < deadline:
        if select.select([stream], [], [], _POLL_S)[0]:
            return True
        if any(number != signal.SIGCHLD for number in inbox.wait(0)):
            raise StopAsked
    return False


def _plan(home: Path) -> Stack:
    chosen, logs = settings(), home / "logs"
    ports = {"API": _free_port(chosen.api.host, chosen.api.port), "FLOWER": _free_port(chosen.flower.host, chosen.flower.port)}
    environment = inherited_environment() | {f"{PREFIX}{name}__PORT": str(port) for name, port in ports.items()}
    environment |= {f"{PREFIX}HOME": str(home)}

    def child(name: str, *arguments: str) -> Child:
        return Child(name, [sys.executable, "-m", "workers", *arguments], environment, logs / f"{name}.log")

    api_url, flower_url = (
        f"http://{host}:{port}" for host, port in zip((chosen.api.host, chosen.flower.host), ports.values(), strict=True)
    )
    return Stack(
        api_url,
        flower_url,
        logs,
        [
            Service(child("api", "api"), lambda: _answers(f"{api_url}/healthz")),
            Service(child("flower", "flower"), lambda: _answers(f"{flower_url}/healthcheck")),
            Service(child("beat", "beat"), lambda: True),
            Service(child("io", "worker", "--role", "io"), lambda: _consumes("io@")),
            Service(child("analyze", "worker"), lambda: _consumes("analyze-")),
        ],
    )


def _free_port(host: str, wanted: int) -> int:
    """Return the wanted port, or one that the system has free if somebody else listens there."""
    for port in (wanted, 0):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StackError(f"No port is free on {host}.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own address
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False


def _consumes(prefix: str) -> bool:
    """Ask over the broker whether a worker of this host answers whose name starts with `prefix`."""
    from workers.app import app

    answers = app.control.ping(timeout=0.5) or []
    return any(name.startswith(prefix) and name.endswith(f"@{gethostname()}") for answer in answers for name in answer)


def _write_stack_file(values: dict[str, str]) -> None:
    path = endpoints.stack_file()
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
        json.dump({"pid": os.getpid(), **values}, stream, indent=2)


def _migrate(say: Say) -> None:
    from db.migrate import upgrade

    say("Bringing the database to head")
    upgrade(endpoints.postgres_url())


def _start(stack: Stack, inbox: SignalInbox, *, say: Say) -> None:
    for service in stack.services:
        service.child.start()
    waiting, deadline = list(stack.services), time.monotonic() + _READY_S
    while waiting:
        say(f"Waiting for {', '.join(service.child.name for service in waiting)}")
        _refuse_dead(stack.services)
        waiting = [service for service in waiting if not service.is_ready()]
        if waiting and time.monotonic() > deadline:
            raise StackError(f"Not ready after {_READY_S:.0f} s. {_tails([service.child for service in waiting])}")
        if any(number != signal.SIGCHLD for number in inbox.wait(_POLL_S if waiting else 0)):
            raise StopAsked


def _refuse_dead(services: Sequence[Service]) -> None:
    for service in services:
        if (code := service.child.died()) is not None:
            raise StackError(f"{service.child.name} ended with code {code}. {_tails([service.child])}")


def _tails(children: Sequence[Child]) -> str:
    return "\n".join(f"The end of {child.log}:\n{child.last_lines(_LOG_LINES)}" for child in children)


def _stop(stack: Stack, *, say: Say) -> None:
    """Stop the faces first, then the workers, each warmly; kill what is still there after its time."""
    say("Stopping")
    children = [service.child for service in stack.services if service.child.process]
    for child in children:
        child.stop(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    for child in children:
        assert child.process
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.stop(signal.SIGKILL)
