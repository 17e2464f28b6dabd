import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from db import records
from db.cleaning import clean
from db.engine import transaction
from db.records import Outcome
from pipelines.records import Kind, Lane


def test_save_records_stores_each_field(ledger: Any) -> None:
    given = ledger.record("a", "Text.", title="Title", language="en", url="https://x", author="Ann", attributes={"desk": ["fx", 1]})

    stored = ledger.save([given], job_id=ledger.job())

    row = ledger.rows("SELECT * FROM record")[0]
    assert [one.outcome for one in stored] == [Outcome.NEW]
    assert (row.id, row.version, row.state, row.lane, row.superseded_at) == (stored[0].record_id, 1, "pending", "live", None)
    assert (row.kind, row.title, row.text, row.language, row.url, row.author) == ("news", "Title", "Text.", "en", "https://x", "Ann")
    assert row.attributes == {"desk": ["fx", 1]}
    assert row.published_at == given.published_at
    assert row.batched_at is not None


def test_save_records_answers_in_the_order_of_the_call(ledger: Any) -> None:
    job_id = ledger.job()
    ledger.save([ledger.record("m", "old"), ledger.record("d", "same")], job_id=job_id)

    stored = ledger.save([ledger.record(one, "same") for one in ("z", "m", "d", "a")], job_id=job_id)

    assert [(one.external_id, one.outcome.value) for one in stored] == [("z", "new"), ("m", "changed"), ("d", "duplicate"), ("a", "new")]
    texts = dict(ledger.rows("SELECT id, external_id FROM record"))
    assert [texts[one.record_id] for one in stored] == ["z", "m", "d", "a"]


def test_save_records_of_nothing_is_nothing(ledger: Any) -> None:
    assert ledger.save([], job_id=ledger.job()) == []


def test_save_records_twice_stores_nothing_new(ledger: Any) -> None:
    given = [ledger.record(str(n), f"Text {n}.") for n in range(50)]
    first = ledger.save(given, job_id=ledger.job())

    again = ledger.save(given, job_id=ledger.job())

    assert {one.outcome for one in again} == {Outcome.DUPLICATE}
    assert [one.record_id for one in again] == [one.record_id for one in first]
    assert ledger.value("SELECT count(*) FROM record") == 50


def test_save_records_makes_a_version_of_a_changed_text_and_keeps_the_old(ledger: Any) -> None:
    job_id = ledger.job()
    ledger.save([ledger.record("a", "one")], job_id=job_id)

    stored = ledger.save([ledger.record("a", "two")], job_id=job_id)

    rows = ledger.rows("SELECT version, text, superseded_at IS NULL AS is_current FROM record ORDER BY version")
    assert stored[0].outcome is Outcome.CHANGED
    assert [tuple(row) for row in rows] == [(1, "one", False), (2, "two", True)]


def test_save_records_takes_a_text_back(ledger: Any) -> None:
    job_id = ledger.job()

    outcomes = [ledger.save([ledger.record("a", one)], job_id=job_id)[0].outcome for one in ("one", "two", "one", "one")]

    assert outcomes == [Outcome.NEW, Outcome.CHANGED, Outcome.CHANGED, Outcome.DUPLICATE]
    assert ledger.value("SELECT version FROM record WHERE superseded_at IS NULL") == 3


def test_save_records_handles_repeats_in_one_call_as_if_they_came_one_by_one(ledger: Any) -> None:
    bodies = ["one", "one", "two", "two", "one"]

    stored = ledger.save([ledger.record("a", one) for one in bodies] + [ledger.record("b", "one")], job_id=ledger.job())

    assert [one.outcome.value for one in stored] == ["new", "duplicate", "changed", "duplicate", "changed", "new"]
    assert stored[0].record_id == stored[1].record_id
    assert stored[2].record_id == stored[3].record_id
    rows = ledger.rows("SELECT version, text, superseded_at IS NULL AS is_current FROM record WHERE external_id = 'a' ORDER BY version")
    assert [tuple(row) for row in rows] == [(1, "one", False), (2, "two", False), (3, "one", True)]


def test_save_records_takes_other_metadata_for_a_duplicate(ledger: Any) -> None:
    job_id = ledger.job()
    ledger.save([ledger.record("a", author="Ann")], job_id=job_id)

    stored = ledger.save([ledger.record("a", author="Bob", attributes={"x": 1}, language="en")], job_id=job_id)

    assert stored[0].outcome is Outcome.DUPLICATE
    assert ledger.value("SELECT author FROM record") == "Ann"


@pytest.mark.parametrize("change", [{"title": "New title"}, {"kind": Kind.SUPPORT}])
def test_save_records_takes_another_title_or_kind_for_a_change(ledger: Any, change: dict[str, Any]) -> None:
    job_id = ledger.job()
    ledger.save([ledger.record("a")], job_id=job_id)

    assert ledger.save([ledger.record("a", **change)], job_id=job_id)[0].outcome is Outcome.CHANGED


def test_save_records_keeps_equal_ids_of_two_sources_apart(ledger: Any) -> None:
    job_id, other = ledger.job(), ledger.source("other")
    ledger.save([ledger.record("a")], job_id=job_id)

    with transaction(ledger.engine) as session:
        stored = records.save_records(session, [ledger.record("a")], source_id=other, job_id=job_id, lane=Lane.LIVE, batched=True)

    assert stored[0].outcome is Outcome.NEW


@pytest.mark.parametrize(
    "odd", ["nul \x00 here", "lone \ud83d surrogate", "mixed \x00\udfff 🙂 עברית", "tab\tback\\slash\nnewline\\N", "\\."]
)
def test_save_records_keeps_odd_texts_at_their_length(ledger: Any, odd: str) -> None:
    given = ledger.record(f"id {odd}", odd, title=odd, author=odd, attributes={odd: [odd, float("nan"), {"deep": odd}], "at": uuid4()})

    stored = ledger.save([given, given], job_id=ledger.job())

    row = ledger.rows("SELECT * FROM record")[0]
    assert [one.outcome.value for one in stored] == ["new", "duplicate"]
    assert stored[0].external_id == given.external_id
    assert row.text == row.title == row.author == clean(odd)
    assert len(row.text) == len(odd)
    assert row.attributes[clean(odd)] == [clean(odd), None, {"deep": clean(odd)}]


def test_save_records_takes_a_long_text(ledger: Any) -> None:
    body = "Ünïcode wörds. " * 200_000

    ledger.save([ledger.record("a", body)], job_id=ledger.job())

    assert ledger.value("SELECT text FROM record") == body


def test_save_records_touches_the_bucket_of_an_analysed_text_it_supersedes(ledger: Any) -> None:
    job_id = ledger.job()
    ledger.save([ledger.record("a", "one"), ledger.record("b", "one")], job_id=job_id)
    ledger.change("UPDATE record SET state = 'done' WHERE external_id = 'a'")

    later = ledger.record("a", published_at=ledger.record("a").published_at + timedelta(hours=5))
    ledger.save([ledger.record("b", "two"), later], job_id=job_id)

    assert [row.bucket_at for row in ledger.rows("SELECT bucket_at FROM rollup_touched")] == [ledger.record("a").published_at]


def test_save_records_leaves_nothing_after_a_rollback(ledger: Any) -> None:
    source_id, job_id = ledger.source(), ledger.job()

    with Session(ledger.engine) as session:
        records.save_records(session, [ledger.record("a")], source_id=source_id, job_id=job_id, lane=Lane.LIVE, batched=True)
        session.rollback()
        stored = records.save_records(session, [ledger.record("a")], source_id=source_id, job_id=job_id, lane=Lane.LIVE, batched=True)
        session.commit()

    assert stored[0].outcome is Outcome.NEW
    assert ledger.value("SELECT count(*) FROM record") == 1


def test_save_records_waits_for_who_came_first_and_sees_its_records(ledger: Any) -> None:
    source_id, job_id = ledger.source(), ledger.job()
    given = [ledger.record(one) for one in "abc"]
    how = {"source_id": source_id, "job_id": job_id, "lane": Lane.LIVE, "batched": True}
    saved, go = Event(), Event()

    def first() -> list[records.Stored]:
        with transaction(ledger.engine) as session:
            stored = records.save_records(session, given, **how)
            saved.set()
            assert go.wait(60)
        return stored

    def second() -> list[records.Stored]:
        assert saved.wait(60)
        with transaction(ledger.engine) as session:
            return records.save_records(session, list(reversed(given)), **how)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(first), pool.submit(second)
        ledger.wait_until_blocked()
        go.set()

    assert {stored.outcome for stored in one.result()} == {Outcome.NEW}
    assert {stored.outcome for stored in two.result()} == {Outcome.DUPLICATE}
    assert ledger.value("SELECT count(*) FROM record") == 3


def test_save_records_stores_what_the_first_rolled_back(ledger: Any) -> None:
    source_id, job_id = ledger.source(), ledger.job()
    how = {"source_id": source_id, "job_id": job_id, "lane": Lane.LIVE, "batched": True}

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        records.save_records(session, [ledger.record("a")], **how)

        def second() -> list[records.Stored]:
            with transaction(ledger.engine) as own:
                return records.save_records(own, [ledger.record("a")], **how)

        waiting = pool.submit(second)
        ledger.wait_until_blocked()
        session.rollback()

    assert waiting.result()[0].outcome is Outcome.NEW
    assert ledger.value("SELECT count(*) FROM record") == 1


def test_save_records_changed_by_two_at_once_makes_two_versions(ledger: Any) -> None:
    source_id, job_id = ledger.source(), ledger.job()
    how = {"source_id": source_id, "job_id": job_id, "lane": Lane.LIVE, "batched": True}
    ledger.save([ledger.record("a", "one"), ledger.record("b", "one")], job_id=job_id)

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        records.save_records(session, [ledger.record("a", "two"), ledger.record("b", "two")], **how)

        def second() -> list[records.Stored]:
            with transaction(ledger.engine) as own:
                return records.save_records(own, [ledger.record("b", "two"), ledger.record("a", "three")], **how)

        waiting = pool.submit(second)
        ledger.wait_until_blocked()
        session.commit()

    assert [one.outcome for one in waiting.result()] == [Outcome.DUPLICATE, Outcome.CHANGED]
    rows = ledger.rows("SELECT version, text, superseded_at IS NULL AS is_current FROM record WHERE external_id = 'a' ORDER BY version")
    assert [tuple(row) for row in rows] == [(1, "one", False), (2, "two", False), (3, "three", True)]


def test_save_records_survives_that_the_current_version_is_deleted_meanwhile(ledger: Any) -> None:
    source_id, job_id = ledger.source(), ledger.job()
    ledger.save([ledger.record("a", "one")], job_id=job_id)

    with Session(ledger.engine) as session, ThreadPoolExecutor(1) as pool:
        session.connection().exec_driver_sql("DELETE FROM record")

        def second() -> list[records.Stored]:
            with transaction(ledger.engine) as own:
                return records.save_records(
                    own, [ledger.record("a", "two")], source_id=source_id, job_id=job_id, lane=Lane.LIVE, batched=True
                )

        waiting = pool.submit(second)
        ledger.wait_until_blocked()
        session.commit()

    assert waiting.result()[0].outcome is Outcome.NEW


def test_save_records_by_many_at_once_loses_and_doubles_nothing(ledger: Any, in_threads: Callable[..., list[Any]]) -> None:
    n_threads, n_rounds = 4, 12
    job_id = ledger.job()
    barrier = Barrier(n_threads)

    def intake(seed: int) -> list[records.Stored]:
        chance = random.Random(seed)
        stored = []
        for _ in range(n_rounds):
            barrier.wait(60)
            ids = chance.choices(range(30), k=20)
            stored += ledger.save([ledger.record(str(one), f"text {chance.randrange(3)}") for one in ids], job_id=job_id)
        return stored

    answers = [one for part in in_threads(*(lambda seed=seed: intake(seed) for seed in range(n_threads))) for one in part]

    made = [one.record_id for one in answers if one.outcome is not Outcome.DUPLICATE]
    rows = ledger.rows(
        "SELECT external_id, array_agg(version ORDER BY version) AS versions, "
        "count(*) FILTER (WHERE superseded_at IS NULL) AS n_current FROM record GROUP BY external_id"
    )
    assert len(answers) == n_threads * n_rounds * 20
    assert sorted(made) == sorted(row.id for row in ledger.rows("SELECT id FROM record"))
    assert sum(one.outcome is Outcome.NEW for one in answers) == len(rows)
    assert all(row.n_current == 1 and row.versions == list(range(1, len(row.versions) + 1)) for row in rows)
    assert ledger.view(job_id).n_total == len(made)


def test_read_documents_names_the_taxonomy_and_leaves_out_what_needs_no_reading(ledger: Any) -> None:
    job_id = ledger.job()
    stored = ledger.save([ledger.record(one, f"text {one}", title="T", language="en") for one in "abcd"], job_id=job_id)
    a, b, c, d = (one.record_id for one in stored)
    ledger.save([ledger.record("b", "another")], job_id=job_id)
    ledger.change("UPDATE record SET state = 'quarantined' WHERE id = :id", id=c)

    with transaction(ledger.engine) as session:
        documents = records.read_documents(session, [d, a, b, c, 10**9])

    assert [(one.id, one.text, one.title, one.language, one.kind, one.taxonomy) for one in documents] == [
        (a, "text a", "T", "en", Kind.NEWS, "finance-desk"),
        (d, "text d", "T", "en", Kind.NEWS, "finance-desk"),
    ]
