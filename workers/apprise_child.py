"""The process in which Apprise tells somebody: reads what to say from standard input, ends with how it went.

`workers.notifiers.apprise` starts it. It imports next to nothing of Bellwether's, so that it is there at once.
"""

import json
import sys
from ipaddress import ip_address
from typing import Any

from workers.addresses import is_public

UNKNOWN, REFUSED, INSIDE = 3, 4, 5
"""How the process ends if the address is none of Apprise's, if the service did not accept, if the address leads inside."""


def tell(told: dict[str, Any]) -> int:
    """Tell the service from within the process of its own; return how that process is to end."""
    import apprise

    inside: list[str] = []
    if not told["allow_private"]:
        sys.addaudithook(lambda event, arguments: _refuse_inside(event, arguments, inside=inside))
    service = apprise.Apprise.instantiate(told["url"], suppress_exceptions=True)
    if service is None:
        return UNKNOWN
    if service.notify(**told["say"]):
        return 0
    return INSIDE if inside else REFUSED


def _refuse_inside(event: str, arguments: tuple[Any, ...], *, inside: list[str]) -> None:
    """Raise where a socket is about to connect, or to send, to an address that is not public."""
    if event not in {"socket.connect", "socket.sendto", "socket.sendmsg"} or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    try:
        allowed = is_public(ip_address(host))
    except ValueError:
        allowed = False  # a name, to be looked up by the connecting itself, and so unseen
    if not allowed:
        inside.append(host)
        raise PermissionError


if __name__ == "__main__":
    sys.exit(tell(json.load(sys.stdin)))
