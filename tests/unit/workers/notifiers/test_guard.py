import socket
from typing import Any

import pytest

from workers.notifiers import NotTold
from workers.notifiers.guard import connected


def test_a_name_that_leads_inside_is_refused(receiver: Any) -> None:
    with (
        pytest.raises(NotTold, match=r"localhost leads to .*127\.0\.0\.1.*not public.*allow_private"),
        connected("localhost", 80, timeout_s=1, allow_private=False),
    ):
        pass


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0", "::ffff:127.0.0.1", "[::1]".strip("[]")])
def test_odd_ways_to_write_an_address_gain_nothing(host: str) -> None:
    with pytest.raises(NotTold, match="not public"), connected(host, 80, timeout_s=1, allow_private=False):
        pass


def test_what_is_checked_is_what_is_connected_to(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port, asked, real = int(receiver.url.split(":")[2].split("/")[0]), [], socket.getaddrinfo

    def rebinding(host: str, *arguments: Any, **named: Any) -> Any:
        """Answer with a public address first, and with one inside whenever asked again."""
        asked.append(host)
        return real("192.0.2.1" if len(asked) == 1 else "127.0.0.1", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("workers.notifiers.guard.is_public", lambda address: str(address) == "192.0.2.1")

    with pytest.raises(NotTold), connected("rebinding.example", port, timeout_s=0.2, allow_private=False):
        pass
    assert asked == ["rebinding.example"]
    assert receiver.got == []


def test_of_several_addresses_only_public_ones_are_tried(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port, tried = int(receiver.url.split(":")[2].split("/")[0]), []
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("10.0.0.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
    monkeypatch.setattr("workers.notifiers.guard.is_public", lambda address: tried.append(str(address)) or str(address) == "127.0.0.1")

    with connected("both.example", port, timeout_s=1, allow_private=False) as line:
        assert line.getpeername() == ("127.0.0.1", port)
    assert tried == ["10.0.0.1", "127.0.0.1"]


def test_a_host_that_answers_at_its_second_address_is_reached(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", one)) for one in (9, port)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)

    with connected("both.example", port, timeout_s=1, allow_private=True) as line:
        assert line.getpeername() == ("127.0.0.1", port)
