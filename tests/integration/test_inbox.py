import json
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeout
from sqlalchemy import Engine, text

from db.engine import transaction
from workers import inbox
from workers.inbox import drain
from workers.settings import settings

STREAM = "bellwether:inbox"


@pytest.fixture(params=[2, 3])
def client(request: pytest.FixtureRequest, redis_url: str, configured: None) -> Any:
    """A client of either protocol: they answer in different shapes."""
    with Redis.from_url(redis_url, protocol=request.param) as one:
        yield one


def stored(engine: Engine) -> list[Any]:
    with transaction(engine) as session:
        return list(session.execute(text("SELECT external_id, text FROM record ORDER BY id")))


def raising(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_drain_takes_json_and_flat_entries_and_acknowledges_them(engine: Engine, client: Any) -> None:
    client.xadd(STREAM, {"json": json.dumps({"external_id": "a", "text": "one 🎉"})})
    client.xadd(STREAM, {"external_id": "b", "text": "two", "source": "desk", "ticker": "ACM"})

    drained = drain(engine, client)

    assert (drained.n_entries, drained.n_accepted) == (2, 2)
    assert {tuple(row) for row in stored(engine)} == {("a", "one 🎉"), ("b", "two")}
    assert client.xlen(STREAM) == 0
    assert client.xpending(STREAM, "bellwether")["pending"] == 0


def test_drain_of_an_empty_or_missing_stream_is_nothing(engine: Engine, client: Any) -> None:
    assert drain(engine, client).n_entries == 0
    assert drain(engine, client).n_entries == 0
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM job")) == 0


def test_drain_keeps_bad_entries_in_quarantine_then_acknowledges_them(engine: Engine, client: Any) -> None:
    client.xadd(STREAM, {"json": "{broken"})
    client.xadd(STREAM, {"text": b"caf\xe9"})
    client.xadd(STREAM, {"json": json.dumps({"text": "x" * (2 << 20)})})
    client.xadd(STREAM, {"unknown": "field"})
    client.xadd(STREAM, {"text": "fine"})

    drained = drain(engine, client)

    assert (drained.n_accepted, drained.n_rejected) == (1, 4)
    with transaction(engine) as session:
        reasons = session.scalars(text("SELECT reason FROM quarantine ORDER BY line")).all()
    assert reasons == ["broken_json", "not_utf8", "too_large", "no_text"]
    assert client.xlen(STREAM) == 0


def test_drain_reads_until_the_stream_is_empty(engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_INTAKE__INBOX_READ_RECORDS", "10")
    settings.cache_clear()
    for number in range(35):
        client.xadd(STREAM, {"text": f"text {number}"})

    assert drain(engine, client).n_accepted == 35


def test_drain_acknowledges_only_what_is_committed(engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client.xadd(STREAM, {"external_id": "a", "text": "one"})
    with monkeypatch.context() as patched:
        patched.setattr(inbox, "submit", lambda *_, **__: 1 / 0)
        assert drain(engine, client).n_entries == 0
    assert stored(engine) == []
    assert client.xpending(STREAM, "bellwether")["pending"] == 1
    assert drain(engine, client).n_entries == 0

    monkeypatch.setattr(inbox, "STALE_AFTER", timedelta(0))

    assert drain(engine, client).n_accepted == 1
    assert client.xlen(STREAM) == 0


def test_drain_again_after_a_crash_before_the_acknowledgement_stores_nothing_double(
    engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.xadd(STREAM, {"text": "one"})
    client.xadd(STREAM, {"json": "{broken"})
    with monkeypatch.context() as patched:
        patched.setattr(type(client), "pipeline", raising(RedisTimeout("away")))
        with pytest.raises(RedisTimeout):
            drain(engine, client)
    monkeypatch.setattr(inbox, "STALE_AFTER", timedelta(0))

    drained = drain(engine, client)

    assert (drained.n_accepted, drained.n_duplicate, drained.n_rejected) == (0, 2, 0)
    assert len(stored(engine)) == 1
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM quarantine")) == 1
    assert client.xlen(STREAM) == 0


def test_drain_takes_other_words_under_the_same_entry_ids(engine: Engine, client: Any) -> None:
    client.xadd(STREAM, {"text": "one"}, id="1-1")
    drain(engine, client)
    client.delete(STREAM)
    client.xadd(STREAM, {"text": "two"}, id="1-1")

    assert drain(engine, client).n_accepted == 1


def test_drain_leaves_entries_in_the_stream_while_too_much_waits(engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_INTAKE__MAX_BACKLOG_RECORDS", "0")
    settings.cache_clear()
    client.xadd(STREAM, {"text": "one"})

    assert drain(engine, client).n_entries == 0

    assert client.xlen(STREAM) == 1
    assert stored(engine) == []


def test_drain_leaves_an_entry_behind_that_breaks_its_neighbours(engine: Engine, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = inbox.submit

    def submit(engine: Engine, rows: Any, **how: Any) -> Any:
        if any(row.fields["text"] == "poison" for row in rows):
            raise ZeroDivisionError
        return real(engine, rows, **how)

    monkeypatch.setattr(inbox, "submit", submit)
    for word in ("one", "two", "poison", "three", "four"):
        client.xadd(STREAM, {"text": word})

    assert drain(engine, client).n_accepted == 4

    assert {one.text for one in stored(engine)} == {"one", "two", "three", "four"}
    assert [fields[b"text"] for _, fields in client.xrange(STREAM)] == [b"poison"]
