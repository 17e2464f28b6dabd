import sys
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import typer
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from db.engine import transaction
from workers.cli.db import _confirm, app
from workers.errors import NotFound, UsageError
from workers.settings import settings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def _read(feed: Any, post: Any, configured: None, engine: Engine) -> None:
    feed.bring([post(NOON, "negative", "earnings"), post(NOON, "positive", "earnings")])
    with transaction(engine) as session:
        session.execute(text("UPDATE record SET author = 'Ann', external_id = 'a1' WHERE id = (SELECT min(id) FROM record)"))


@pytest.mark.usefixtures("_read")
def test_erase_takes_a_person_and_notes_it_without_the_name(engine: Engine) -> None:
    result = CliRunner().invoke(app, ["erase", "--author", "Ann", "--yes"])

    assert result.output == "erased by 'Ann': 1 version of records, with all that was said of them\n"
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM record WHERE author = 'Ann'")) == 0
        assert session.scalar(text("SELECT count(*) FROM record")) == 1
        assert session.execute(text("SELECT action, detail FROM audit")).all() == [("author.erased", {"n_records": 1})]


@pytest.mark.usefixtures("_read")
def test_erase_takes_one_record(engine: Engine) -> None:
    result = CliRunner().invoke(app, ["erase", "--source", "wire", "--record", "a1", "--yes"])

    assert result.exit_code == 0
    with transaction(engine) as session:
        assert session.scalar(text("SELECT detail ->> 'external_id' FROM audit WHERE action = 'record.erased'")) == "a1"
        assert session.scalar(text("SELECT count(*) FROM record")) == 1


@pytest.mark.usefixtures("_read")
def test_erase_says_so_where_nothing_was_stored() -> None:
    result = CliRunner().invoke(app, ["erase", "--author", "ann", "--yes"])

    assert isinstance(result.exception, NotFound)


@pytest.mark.usefixtures("_read")
@pytest.mark.parametrize("asked", [["--author", "Ann"], ["--yes"], ["--source", "wire", "--yes"], ["--author", "Ann", "--source", "wire"]])
def test_erase_refuses_what_is_unclear_or_unconfirmed(asked: list[str], engine: Engine) -> None:
    result = CliRunner().invoke(app, ["erase", *asked])

    assert isinstance(result.exception, UsageError)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM record")) == 2


class Terminal(StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


def test_erase_goes_on_only_after_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\nn\n"))

    _confirm("Erase?", yes=False)

    with pytest.raises(typer.Abort):
        _confirm("Erase?", yes=False)


@pytest.mark.usefixtures("_read")
def test_rollups_are_counted_anew_in_buckets_of_another_width(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    CliRunner().invoke(app, ["rollups"])
    monkeypatch.setenv("BELLWETHER_ROLLUPS__BUCKET", "PT1H")
    settings.cache_clear()

    result = CliRunner().invoke(app, ["rollups"])

    assert result.exit_code == 0
    with transaction(engine) as session:
        rows = session.execute(text("SELECT bucket_at, n FROM rollup WHERE dimension = 'source'")).all()
    assert rows == [(NOON, 2)]
