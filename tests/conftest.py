"""Real servers for every test: embedded ones, or those that BELLWETHER_TEST_POSTGRES_URL and BELLWETHER_TEST_REDIS_URL name."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import redis
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session

from db.engine import connect
from workers.settings import settings


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep a developer's own settings and home out of the tests; `settings()` is read anew by each."""
    for name in os.environ:
        if name.startswith("BELLWETHER_") and not name.startswith("BELLWETHER_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BELLWETHER_CONFIG", str(tmp_path / "bellwether.toml"))
    _forget()
    yield
    _forget()


def _forget() -> None:
    from workers import endpoints

    if endpoints.engine.cache_info().currsize:
        endpoints.engine().dispose()
    if endpoints.redis_client.cache_info().currsize:
        endpoints.redis_client().close()
    settings.cache_clear()
    endpoints.engine.cache_clear()
    endpoints.redis_client.cache_clear()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Where the server is, as its superuser."""
    if own := os.environ.get("BELLWETHER_TEST_POSTGRES_URL"):
        yield own
        return
    from db.embedded import start_postgres

    # Not below pytest's own folder: as root the server runs as another user, whom the next pytest to start would lock out of it.
    with TemporaryDirectory(prefix="bellwether-postgres-", ignore_cleanup_errors=True) as folder:
        server = start_postgres(Path(folder) / "data")
        yield server.url
        server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the broker is."""
    if own := os.environ.get("BELLWETHER_TEST_REDIS_URL"):
        yield own
        return
    from workers.broker import start_valkey

    server = start_valkey(tmp_path_factory.mktemp("valkey"))
    yield server.url
    server.stop()


def _admin(server: str) -> Engine:
    return create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


@pytest.fixture(scope="session")
def template_database(postgres_server: str) -> Iterator[str]:
    """A migrated, empty database that the tests' own are copied from."""
    from db.migrate import upgrade

    name = f"bellwether_template_{uuid4().hex[:8]}"
    admin = _admin(postgres_server)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    upgrade(make_url(postgres_server).set(database=name).render_as_string(hide_password=False))
    yield name
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def postgres_url(postgres_server: str, template_database: str) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    name = f"bellwether_test_{uuid4().hex[:8]}"
    admin = _admin(postgres_server)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template_database}"))
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """A pool of connections to this test's database."""
    pool = connect(postgres_url)
    yield pool
    pool.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One transaction, rolled back at the end."""
    with Session(engine, expire_on_commit=False) as one:
        yield one
        one.rollback()


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty broker."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushdb()
    return redis_server


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, postgres_url: str, redis_url: str) -> None:
    """Settings that point at this test's database and broker, for code that asks `workers.endpoints`."""
    monkeypatch.setenv("BELLWETHER_POSTGRES_URL", postgres_url)
    monkeypatch.setenv("BELLWETHER_REDIS_URL", redis_url)
    settings.cache_clear()
