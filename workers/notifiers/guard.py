"""Connect to a host, but not to one inside the house, and never for longer than allowed; what is said is left to the notifiers.

The address that is checked is the address that is connected to, so a name that answers differently when asked twice gains nothing.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from threading import Timer
from time import monotonic
from typing import Any

from workers.addresses import is_public
from workers.notifiers.errors import NotTold

_MOST_PLACES = 4
"""As many as may be tried in the time there is."""

_Place = tuple[int, Any]
"""A family of addresses, and what its sockets connect to."""


@contextmanager
def connected(host: str, port: int, *, timeout_s: float, allow_private: bool) -> Iterator[socket.socket]:
    """Yield a connection to `host`, cut after `timeout_s` whatever the other side does; raise NotTold if there is none.

    Looking the name up is not timed: the system's resolver has limits of its own.
    """
    places = _places(host, port, allow_private=allow_private)
    until = monotonic() + timeout_s
    with _connect(places, timeout_s=timeout_s) as sock, sock.dup() as line:  # TLS takes the first over; the second is the same line
        cut = Timer(until - monotonic(), _cut, args=(line,))
        cut.daemon = True
        cut.start()
        try:
            yield sock
        finally:
            cut.cancel()


def reason_of(error: Exception, *, who: str, waited_s: float, timeout_s: float) -> str:
    """Say why a conversation came to nothing; not in the error's own words, which may repeat an address or a text."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{who}'s certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError) or waited_s >= timeout_s:
        return f"{who} gave no answer within {timeout_s:g} s"
    return f"{who} gave no answer ({type(error).__name__})"


def _places(host: str, port: int, *, allow_private: bool) -> list[_Place]:
    """Return where `host` may be connected to; raise NotTold where that is nowhere."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotTold(f"the name {host} leads nowhere") from error
    allowed: list[_Place] = [(family, place) for family, _, _, _, place in found if allow_private or is_public(ip_address(str(place[0])))]
    if not allowed:
        where = ", ".join(sorted({str(place[0]) for *_, place in found} - {host}))
        inside = f"leads to {where}, which is not public" if where else "is not public"
        raise NotTold(f"{host} {inside}; set allow_private = true for this notifier if that is meant")
    return allowed[:_MOST_PLACES]


def _connect(places: list[_Place], *, timeout_s: float) -> socket.socket:
    """Return a connection to the first place that answers."""
    reason: OSError | None = None
    for family, place in places:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(timeout_s / len(places))
        try:
            sock.connect(place)
        except OSError as error:
            sock.close()
            reason = error
        else:
            sock.settimeout(timeout_s)
            return sock
    raise NotTold(f"nobody answers there ({type(reason).__name__})") from reason


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself, just now
        line.shutdown(socket.SHUT_RDWR)
