from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from db import migrate
from db.engine import connect
from db.tables import Base

_SHOWN_BEFORE = ["source", "day_at", "entity_group", "entity", "n_records", "n_negative", "n_neutral", "n_positive", "negative_share"]

_BEFORE = """
    INSERT INTO source (name, kind, taxonomy) VALUES ('wire', 'news', 'finance-desk');
    INSERT INTO job (id, lane) VALUES (gen_random_uuid(), 'live');
    INSERT INTO record (source_id, external_id, content_hash, kind, text, published_at, job_id, lane)
        SELECT 1, 'r', '', 'news', 'Acme fell.', now(), id, 'live' FROM job;
    INSERT INTO model_revision (name, revision) VALUES ('default', '0123456789ab');
    INSERT INTO mention VALUES (1, 1, 0, 4, 'ORG', 'Acme', 'Acme', 0.9);
    INSERT INTO rollup VALUES ('entity', 1, 'ORG:Acme', now(), 3, 1, 1, 1);
    CREATE VIEW v_entity_mentions AS
    SELECT
        source.name AS source,
        date_trunc('day', rollup.bucket_at, 'UTC') AS day_at,
        split_part(rollup.key, ':', 1) AS entity_group,
        substr(rollup.key, strpos(rollup.key, ':') + 1) AS entity,
        SUM(rollup.n) AS n_records,
        SUM(rollup.n_negative) AS n_negative,
        SUM(rollup.n_neutral) AS n_neutral,
        SUM(rollup.n_positive) AS n_positive,
        CAST(SUM(rollup.n_negative) AS double precision) / SUM(rollup.n) AS negative_share
    FROM rollup
    JOIN source ON source.id = rollup.source_id
    WHERE rollup.dimension = 'entity'
    GROUP BY source.name, day_at, rollup.key;
"""
"""Rows as the version before 0003 wrote them, and the view as it made it."""

_INCIDENTS_BEFORE = """
    INSERT INTO source (name, kind, taxonomy) VALUES ('wire', 'news', 'finance-desk');
    INSERT INTO incident (
        fingerprint, rule, rule_hash, source_id, dimension, key, metric, state, opened_at, peak_at, last_judged_at, resolved_at,
        observed, expected, p_value, n, n_negative, why, evidence
    ) SELECT 'a', 'r', 'h', 1, 'source', '', 'share', state, opened, opened, opened, ended, 1, 1, 1, 1, 1, '', CAST(evidence AS jsonb)
    FROM (VALUES
        ('firing', TIMESTAMPTZ '2026-03-03Z', NULL, '{"peak": {"n": 9}, "window": {"from": "2026-03-01T00:00:00+00:00"}}'),
        ('resolved', TIMESTAMPTZ '2026-03-02Z', TIMESTAMPTZ '2026-03-02Z', '{}')
    ) AS given (state, opened, ended, evidence);
    INSERT INTO notification (incident_id, change, notifier) VALUES (1, 'opened', 'console');
    CREATE VIEW v_incidents AS SELECT id AS incident_id FROM incident;
"""
"""Incidents as the version before 0004 wrote them."""


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


def test_upgrade_of_a_database_of_before_keeps_what_it_holds_and_renews_the_views(bare_url: str, bare: Engine) -> None:
    with bare.begin() as connection:
        command.upgrade(migrate._config(connection), "0002")
        connection.exec_driver_sql(_BEFORE)

    migrate.upgrade(bare_url)

    with bare.connect() as connection:
        assert connection.execute(text("SELECT word, sentiment FROM mention")).all() == [("Acme", None)]
        [row] = connection.execute(text("SELECT * FROM v_entity_mentions")).mappings()
        assert connection.scalar(text("SELECT count(*) FROM v_jobs")) == 1
    assert list(row) == [*_SHOWN_BEFORE, "n_negative_towards", "n_neutral_towards", "n_positive_towards"]
    assert [row["n_records"], *list(row.values())[-3:]] == [3, 0, 0, 0]


def test_upgrade_makes_every_incident_of_before_one_of_a_single_part(bare_url: str, bare: Engine) -> None:
    with bare.begin() as connection:
        command.upgrade(migrate._config(connection), "0003")
        connection.exec_driver_sql(_INCIDENTS_BEFORE)

    migrate.upgrade(bare_url)

    with bare.connect() as connection:
        told = connection.execute(text("SELECT incident_id, told_at IS NULL, n_parts FROM v_incidents ORDER BY 1")).all()
        parts = connection.execute(text("SELECT fingerprint, window_from, resolved_at, peak FROM incident_part ORDER BY id")).all()
    assert told == [(1, False, 1), (2, True, 1)]
    start, opened = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2))
    assert [tuple(one) for one in parts] == [
        ("a", start, None, {"n": 9, "start": "2026-03-01T00:00:00+00:00"}),
        ("a", opened, opened, {"start": "2026-03-02 00:00:00+00"}),
    ]


def test_downgrade_and_upgrade_lead_back(bare_url: str, bare: Engine) -> None:
    migrate.upgrade(bare_url)
    before = inspect(bare).get_view_names()

    with bare.begin() as connection:
        command.downgrade(migrate._config(connection), "base")
    assert inspect(bare).get_table_names() == ["alembic_version"]
    migrate.upgrade(bare_url)

    assert migrate.is_at_head(bare)
    assert inspect(bare).get_view_names() == before


def test_upgrade_by_several_at_once_happens_once(bare_url: str, bare: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate.upgrade, [bare_url] * 4))

    assert migrate.is_at_head(bare)


def test_upgrade_needs_no_file_in_the_working_folder(bare_url: str, bare: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    migrate.upgrade(bare_url)

    assert migrate.is_at_head(bare)
    assert list(tmp_path.iterdir()) == []
