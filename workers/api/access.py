"""Who may call: anybody on this machine while the API is bound to loopback, else only holders of a key."""

from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends, Request

from db import keys
from db.engine import transaction
from workers import endpoints
from workers.api.problems import Problem
from workers.settings import settings


def caller(request: Request) -> str:
    """Return the name of the caller's key, or `local`; raise a Problem 401 where a key is required and none that works came."""
    key = _key(request)
    if key is not None:
        with transaction(endpoints.engine()) as session:
            name = keys.key_owner(session, key)
        if name is None:
            raise _unauthorized("This API key does not work; `bellwether keys list` shows those that do.")
        return f"key:{name}"
    if is_key_required(request):
        raise _unauthorized("Send an API key as `Authorization: Bearer KEY` or `X-API-Key`; `bellwether keys create NAME` makes one.")
    if not is_loopback(request.url.hostname):
        # A page in a browser here could otherwise reach us under a name of its own (DNS rebinding).
        raise Problem("forbidden", 403, "Without a key, this API answers to 127.0.0.1 and localhost only.")
    return "local"


Caller = Annotated[str, Depends(caller)]


def is_key_required(request: Request) -> bool:
    """Tell whether this request needs a key: as set, else unless both the setting and the socket it came by are loopback.

    The socket is asked too, since `uvicorn --host 0.0.0.0` knows nothing of our setting.
    """
    chosen = settings().api
    if chosen.require_key is not None:
        return chosen.require_key
    server = request.scope.get("server")
    return not (is_loopback(chosen.host) and server and is_loopback(server[0]))


def is_loopback(host: str | None) -> bool:
    """Tell whether `host` is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False


def _key(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("x-api-key")


def _unauthorized(detail: str) -> Problem:
    return Problem("unauthorized", 401, detail, headers={"WWW-Authenticate": "Bearer"})
