from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from db import migrate
from db.engine import connect
from db.tables import Base


@pytest.fixture
def bare(bare_url: str) -> Iterator[Engine]:
    pool = connect(bare_url)
    yield pool
    pool.dispose()


def test_upgrade_from_nothing_equals_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

        difference = compare_metadata(context, Base.metadata)

    assert difference == []


def test_upgrade_creates_the_checks_and_keys_of_the_tables(engine: Engine) -> None:
    found = inspect(engine)

    for table in Base.metadata.sorted_tables:
        named = {constraint.name for constraint in table.constraints}
        there = {found.get_pk_constraint(table.name)["name"]}
        there |= {one["name"] for one in found.get_check_constraints(table.name)}
        there |= {one["name"] for one in found.get_foreign_keys(table.name)}
        there |= {one["name"] for one in found.get_unique_constraints(table.name)}
        assert there == named


def test_upgrade_twice_changes_nothing(bare_url: str, bare: Engine) -> None:
    assert migrate.current(bare) is None
    assert not migrate.is_at_head(bare)

    migrate.upgrade(bare_url)
    migrate.upgrade(bare_url)

    assert migrate.current(bare) == migrate.head()
    assert migrate.is_at_head(bare)


def test_upgrade_by_several_at_once_happens_once(bare_url: str, bare: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate.upgrade, [bare_url] * 4))

    assert migrate.is_at_head(bare)


def test_upgrade_needs_no_file_in_the_working_folder(bare_url: str, bare: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    migrate.upgrade(bare_url)

    assert migrate.is_at_head(bare)
    assert list(tmp_path.iterdir()) == []
