"""Drains the Redis stream that external producers append to; an entry is acknowledged only after its record is committed."""

import hashlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from db.quarantine import Reject
from workers.errors import BellwetherError, Overloaded
from workers.faults import describe, place
from workers.intake import submit
from workers.readers.jsonl import parse_object
from workers.readers.rows import KEPT_BYTES, Row, Unreadable, rejected, too_large, utf8_fault
from workers.settings import settings

STALE_AFTER = timedelta(seconds=60)
"""An entry delivered so long ago and not acknowledged belonged to a process that died; no transaction takes as long."""

_ROUNDS = 20
_log = structlog.get_logger("bellwether.inbox")

Entry = tuple[bytes, Mapping[bytes, bytes] | None]


@dataclass(frozen=True, slots=True)
class Drained:
    """What one call took from the stream."""

    n_entries: int = 0
    n_accepted: int = 0
    n_duplicate: int = 0
    n_rejected: int = 0


def drain(engine: Engine, client: Redis) -> Drained:
    """Take in what waits in the stream, a transaction a read, until it is empty; at most some thousands of entries a call.

    A crash between commit and acknowledgement delivers entries again, which changes nothing: the read is known. While too much
    waits for analysis the entries stay in the stream.
    """
    chosen = settings().intake
    _ensure_group(client, stream=chosen.inbox, group=chosen.inbox_group)
    total = Drained()
    for _ in range(_ROUNDS):
        entries = _stale(client) or _fresh(client)
        if not entries:
            break
        try:
            total = _added(total, _take_apart(engine, client, entries))
        except Overloaded as error:
            _log.warning("inbox waits", reason=str(error))
            break
    if total.n_entries:
        _log.info("inbox drained", n_entries=total.n_entries, n_accepted=total.n_accepted, n_rejected=total.n_rejected)
    return total


def _ensure_group(client: Redis, *, stream: str, group: str) -> None:
    try:
        client.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def _stale(client: Redis) -> list[Entry]:
    chosen = settings().intake
    idle_ms = int(STALE_AFTER.total_seconds() * 1_000)
    answer: Any = client.xautoclaim(
        chosen.inbox, chosen.inbox_group, _consumer(), min_idle_time=idle_ms, start_id="0-0", count=chosen.inbox_read_records
    )
    return list(answer[1])


def _fresh(client: Redis) -> list[Entry]:
    chosen = settings().intake
    answer: Any = client.xreadgroup(chosen.inbox_group, _consumer(), {chosen.inbox: ">"}, count=chosen.inbox_read_records)
    streams = answer.items() if isinstance(answer, Mapping) else answer or []
    return [_entry(one) for _, entries in streams for one in _flat(entries)]


def _flat(entries: Any) -> Iterator[Any]:
    """Yield entries alike for both protocols of Redis: the newer one nests them once more."""
    for one in entries:
        if isinstance(one, list) and one and isinstance(one[0], list | tuple):
            yield from one
        else:
            yield one


def _entry(one: Any) -> Entry:
    return one[0], one[1]


def _consumer() -> str:
    """Return this host's name: two processes of a host may share it, since an entry is delivered to one of them only."""
    return socket.gethostname()


def _take_apart(engine: Engine, client: Redis, entries: Sequence[Entry]) -> Drained:
    """Take entries in; where one of them breaks the rest in a way nobody foresaw, it alone is left, undelivered, for a later try."""
    try:
        return _take(engine, client, entries)
    except (BellwetherError, RedisError, OperationalError):  # nobody's fault among the entries
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the next entries must not wait behind it for ever
        if len(entries) > 1:
            half = len(entries) // 2
            return _added(_take_apart(engine, client, entries[:half]), _take_apart(engine, client, entries[half:]))
        _log.error("entry not taken; it stays in the stream", entry=entries[0][0], error=describe(error), raised_at=place(error))
        return Drained()


def _take(engine: Engine, client: Redis, entries: Sequence[Entry]) -> Drained:
    chosen = settings().intake
    rows = [_row(number, fields, max_bytes=chosen.max_record_bytes) for number, (_, fields) in enumerate(entries, start=1) if fields]
    drained = Drained(n_entries=len(entries))
    if rows:
        name = _name(entries)
        key = f"inbox:{name.hex()}"
        receipt = submit(engine, rows, submitted_by="inbox", chunk_records=len(rows), idempotency_key=key, request_hash=name)
        drained = Drained(len(entries), receipt.n_accepted, receipt.n_duplicate, receipt.n_rejected)
        if receipt.replayed:
            drained = Drained(len(entries), n_duplicate=len(entries))
    ids = [entry_id for entry_id, _ in entries]
    with client.pipeline(transaction=True) as pipe:
        pipe.xack(chosen.inbox, chosen.inbox_group, *ids)
        pipe.xdel(chosen.inbox, *ids)
        pipe.execute()
    return drained


def _name(entries: Sequence[Entry]) -> bytes:
    """Return what tells this read from any other: delivered again, whole, it is known, and its bad entries are kept only once."""
    digest = hashlib.sha256()
    for entry_id, fields in entries:
        for part in (entry_id, *(one for pair in (fields or {}).items() for one in pair)):
            digest.update(len(part).to_bytes(8) + part)
    return digest.digest()


def _row(number: int, fields: Mapping[bytes, bytes], *, max_bytes: int) -> Row | Reject:
    """Return the entry as a row: its field `json` holds one object, or its fields are the record's own."""
    raw = fields.get(b"json") if set(fields) == {b"json"} else None
    payload = raw if raw is not None else b"\n".join(name + b"=" + value for name, value in fields.items())
    try:
        if len(payload) > max_bytes:
            raise too_large(len(payload), max_bytes=max_bytes)
        return Row(number, parse_object(raw) if raw is not None else _decoded(fields), payload)
    except Unreadable as error:
        return rejected(number, error, payload=payload[:KEPT_BYTES] if len(payload) > max_bytes else payload)


def _decoded(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    try:
        return {name.decode(): value.decode() for name, value in fields.items()}
    except UnicodeDecodeError as error:
        raise utf8_fault(error, error.object) from None


def _added(one: Drained, other: Drained) -> Drained:
    return Drained(
        one.n_entries + other.n_entries,
        one.n_accepted + other.n_accepted,
        one.n_duplicate + other.n_duplicate,
        one.n_rejected + other.n_rejected,
    )
