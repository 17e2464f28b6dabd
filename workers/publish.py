"""Ring for batches: best effort and quick, since SQL holds them and the sweep rings again; nothing is decided here."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

import structlog
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

from pipelines.records import Lane
from workers.app import app
from workers.errors import Unreachable
from workers.queues import device_queue, lane_queue

_TIMEOUT_S = 2.0
_log = structlog.get_logger("bellwether.publish")


def ring(batch_ids: Sequence[UUID], *, lane: Lane | str, device: str | None = None) -> int:
    """Send a message a batch and return how many went out; a broker that doesn't answer within 2 s is logged, never raised."""
    queue = device_queue(device) if device else lane_queue(lane)
    sent = 0
    try:
        with producers[_connection()].acquire(block=True, timeout=_TIMEOUT_S) as producer:
            for batch_id in batch_ids:
                app.send_task("bellwether.analyze", args=(str(batch_id),), queue=queue, producer=producer, retry=False, ignore_result=True)
                sent += 1
    except (OperationalError, RedisError, OSError, Unreachable) as error:
        _log.warning("broker unreachable; the sweep will ring", unsent=len(batch_ids) - sent, error=type(error).__name__)
    return sent


def queue_length(queue: str) -> int:
    """Return how many messages wait in `queue`."""
    from workers import endpoints

    return int(endpoints.redis_client().llen(queue))


@lru_cache(maxsize=1)
def _connection() -> Connection:
    quick = {"socket_timeout": _TIMEOUT_S, "socket_connect_timeout": _TIMEOUT_S}
    return app.connection_for_write(transport_options=quick)
