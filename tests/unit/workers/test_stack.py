import json
import os
import signal
import socket
from pathlib import Path

import pytest

from workers import endpoints, stack
from workers.children import signal_inbox
from workers.errors import Conflict
from workers.settings import settings


def test_free_port_takes_another_where_somebody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]

        assert stack._free_port("127.0.0.1", wanted) not in (0, wanted)


def test_free_port_keeps_the_wanted_one_where_it_is_free() -> None:
    wanted = stack._free_port("127.0.0.1", 0)

    assert stack._free_port("127.0.0.1", wanted) == wanted


def test_lock_refuses_a_second_stack_and_says_where_the_first_is(tmp_path: Path) -> None:
    settings().home.mkdir(parents=True)
    stack._write_stack_file({"api_url": "http://127.0.0.1:8123"})

    with stack._locked(settings().home), pytest.raises(Conflict, match=r"already runs.*8123"), stack._locked(settings().home):
        pass
    with stack._locked(settings().home):
        pass


def test_stack_file_is_for_its_owner_only() -> None:
    settings().home.mkdir(parents=True)
    endpoints.stack_file().write_text("{}")
    endpoints.stack_file().chmod(0o644)

    stack._write_stack_file({"redis_url": "redis://:secret@127.0.0.1/0"})

    assert endpoints.stack_file().stat().st_mode & 0o777 == 0o600
    assert json.loads(endpoints.stack_file().read_text())["redis_url"] == "redis://:secret@127.0.0.1/0"


def test_servers_are_not_started_where_both_are_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BELLWETHER_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("BELLWETHER_POSTGRES_URL", "postgresql://127.0.0.1:1/none")
    settings.cache_clear()

    with signal_inbox(signal.SIGUSR1) as inbox, stack._servers(tmp_path, inbox, say=print) as addresses:
        assert addresses == {}
    assert not (tmp_path / "logs").exists()


def test_servers_that_say_nothing_keep_nobody_from_stopping(tmp_path: Path) -> None:
    reader, writer = os.pipe()

    with signal_inbox(signal.SIGUSR1) as inbox, os.fdopen(reader, "rb") as stream, os.fdopen(writer, "wb"):
        os.kill(os.getpid(), signal.SIGUSR1)
        with pytest.raises(stack.StopAsked):
            stack._read_addresses(stream, inbox, log=tmp_path / "log")


def test_servers_that_say_nothing_for_long_have_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "_SERVERS_S", 0.2)
    reader, writer = os.pipe()

    with (
        signal_inbox(signal.SIGUSR1) as inbox,
        os.fdopen(reader, "rb") as stream,
        os.fdopen(writer, "wb"),
        pytest.raises(stack.StackError, match="did not start"),
    ):
        stack._read_addresses(stream, inbox, log=tmp_path / "log")
