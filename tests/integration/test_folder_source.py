import os
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.cursors import hold_source
from db.engine import transaction
from workers.errors import NotFound, UsageError
from workers.settings import settings
from workers.sources import folder, pull


@pytest.fixture
def dropped(configured: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the source `calls` is pulled from."""
    place = tmp_path / "dropped"
    place.mkdir()
    (tmp_path / "bellwether.toml").write_text(
        f'[sources.calls]\nkind = "support"\ntaxonomy = "complaints"\npull = "folder"\nlocation = "{place}"\n'
    )
    settings.cache_clear()
    return place


def drop(place: Path, name: str, content: bytes, *, age_s: float = 60) -> Path:
    path = place / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def stored(engine: Engine) -> list[Any]:
    with transaction(engine) as session:
        query = text("SELECT record.text, name, record.kind, taxonomy FROM record JOIN source ON source.id = source_id ORDER BY record.id")
        return [tuple(row) for row in session.execute(query)]


def test_pull_takes_each_file_in_and_moves_it_to_done(engine: Engine, dropped: Path) -> None:
    drop(dropped, "b.jsonl", b'{"text": "second"}\n', age_s=30)
    drop(dropped, "a.csv", b"text\nfirst\n")

    pulled = pull(engine, "calls")

    assert (pulled.n_accepted, pulled.n_failed) == (2, 0)
    assert stored(engine) == [("first", "calls", "support", "complaints"), ("second", "calls", "support", "complaints")]
    assert sorted(path.name for path in (dropped / "done").iterdir()) == ["a.csv", "b.jsonl"]


def test_pull_reads_the_columns_that_the_settings_name(engine: Engine, dropped: Path, tmp_path: Path) -> None:
    with (tmp_path / "bellwether.toml").open("a") as stream:
        stream.write('map = { text = "body", author = "customer" }\n')
    settings.cache_clear()
    drop(dropped, "a.csv", b"body,customer\nfirst,Ann\n")

    pull(engine, "calls")

    assert stored(engine)[0][0] == "first"
    with transaction(engine) as session:
        assert session.scalar(text("SELECT author FROM record")) == "Ann"


def test_pull_leaves_a_source_alone_that_is_being_pulled(engine: Engine, dropped: Path) -> None:
    drop(dropped, "a.jsonl", b'{"text": "first"}\n')

    with transaction(engine) as session:
        assert hold_source(session, "calls")
        assert pull(engine, "calls").n_accepted == 0
    assert pull(engine, "calls").n_accepted == 1


def test_pull_leaves_hidden_unknown_and_unsettled_files(engine: Engine, dropped: Path) -> None:
    drop(dropped, ".hidden.csv", b"text\na\n")
    drop(dropped, "notes.txt", b"a")
    drop(dropped, "fresh.csv", b"text\na\n", age_s=0)

    assert pull(engine, "calls").n_accepted == 0

    assert len(list(dropped.iterdir())) == 3


def test_pull_keeps_bad_lines_in_quarantine_and_moves_the_file_on(engine: Engine, dropped: Path) -> None:
    drop(dropped, "a.jsonl", b'{"text": "good"}\nbroken\n')

    pulled = pull(engine, "calls")

    assert (pulled.n_accepted, pulled.n_rejected) == (1, 1)
    assert (dropped / "done" / "a.jsonl").exists()


def test_pull_sets_an_unreadable_file_aside_with_its_reason(engine: Engine, dropped: Path) -> None:
    drop(dropped, "a.parquet", b"not parquet")
    drop(dropped, "b.csv", b"message\nhello\n")
    drop(dropped, "c.csv", b"text\nfine\n")

    pulled = pull(engine, "calls")

    assert (pulled.n_accepted, pulled.n_failed) == (1, 2)
    assert "no readable Parquet file" in (dropped / "failed" / "a.parquet.reason.txt").read_text()
    assert "no column `text`" in (dropped / "failed" / "b.csv.reason.txt").read_text()


def test_pull_after_a_crash_before_the_move_changes_nothing(engine: Engine, dropped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(dropped, "a.jsonl", b'{"text": "good"}\nbroken\n')
    with monkeypatch.context() as patched:
        patched.setattr(folder, "_move", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pull(engine, "calls")

    pull(engine, "calls")

    with transaction(engine) as session:
        counts = session.execute(
            text("SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM job), (SELECT count(*) FROM quarantine)")
        ).one()
    assert tuple(counts) == (1, 1, 1)
    assert (dropped / "done" / "a.jsonl").exists()


def test_pull_never_overwrites_a_file_in_done(engine: Engine, dropped: Path) -> None:
    for content in (b"text\none\n", b"text\ntwo\n"):
        drop(dropped, "a.csv", content)
        pull(engine, "calls")

    assert sorted(path.name for path in (dropped / "done").iterdir()) == ["2-a.csv", "a.csv"]
    assert len(stored(engine)) == 2


def test_pull_says_what_the_settings_lack(engine: Engine, dropped: Path) -> None:
    with pytest.raises(NotFound, match=r"sources\.other"):
        pull(engine, "other")
    dropped.rmdir()
    with pytest.raises(UsageError, match="create it"):
        pull(engine, "calls")
