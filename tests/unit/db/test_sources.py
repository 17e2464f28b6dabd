from collections.abc import Callable
from threading import Barrier
from typing import Any

from db import sources
from db.engine import transaction
from pipelines.records import Kind


def test_ensure_source_keeps_what_exists(ledger: Any) -> None:
    with transaction(ledger.engine) as session:
        first = sources.ensure_source(session, "wire", kind=Kind.NEWS, taxonomy="finance-desk")
        again = sources.ensure_source(session, "wire", kind=Kind.SUPPORT, taxonomy="banking77")

    assert first == again
    assert ledger.rows("SELECT kind, taxonomy FROM source") == [("news", "finance-desk")]


def test_ensure_source_by_several_at_once_makes_one(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    barrier = Barrier(4)

    def ensure() -> int:
        barrier.wait(60)
        return int(ledger.source("wire"))

    assert len(set(in_threads(*[ensure] * 4))) == 1


def test_update_source_changes_what_is_given(ledger: Any) -> None:
    ledger.source("wire")

    with transaction(ledger.engine) as session:
        sources.update_source(session, "wire", taxonomy="complaints")
        sources.update_source(session, "wire")

    assert ledger.rows("SELECT kind, taxonomy FROM source") == [("news", "complaints")]
