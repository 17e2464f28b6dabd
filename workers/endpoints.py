"""Where the broker and the database are: your own by setting, else the embedded ones that `bellwether up` started."""

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.errors import Unreachable
from workers.settings import settings

if TYPE_CHECKING:
    import redis
    from sqlalchemy import Engine

_NEXT_STEP = "run `bellwether up` in another terminal, or set {variable} to a server of your own"


def stack_file() -> Path:
    """Return the file in which a running stack tells its addresses (mode 0600: it holds the broker's password)."""
    return settings().home / "stack.json"


def read_stack() -> dict[str, Any]:
    """Return what a running stack wrote, or nothing."""
    try:
        return dict(json.loads(stack_file().read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _address(name: str) -> str:
    own = getattr(settings(), name)
    url = own.get_secret_value() if own else read_stack().get(name)
    if not url:
        variable = f"BELLWETHER_{name.upper()}"
        raise Unreachable(f"No stack runs in {settings().home}: {_NEXT_STEP.format(variable=variable)}.")
    return str(url)


def postgres_url() -> str:
    """Return where PostgreSQL is; raise Unreachable if nobody said."""
    return _address("postgres_url")


def redis_url() -> str:
    """Return where Redis or Valkey is; raise Unreachable if nobody said."""
    return _address("redis_url")


@lru_cache(maxsize=1)
def engine() -> "Engine":
    """Return this process's connection pool; made once, after any fork."""
    from db.engine import connect

    return connect(postgres_url())


@lru_cache(maxsize=1)
def redis_client() -> "redis.Redis":
    """Return this process's client of the broker, with short timeouts so that a frozen one is noticed."""
    import redis

    return redis.Redis.from_url(redis_url(), socket_timeout=10, socket_connect_timeout=5, health_check_interval=10)
