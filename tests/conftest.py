"""Real servers for every test: embedded ones, or those that BELLWETHER_TEST_POSTGRES_URL and BELLWETHER_TEST_REDIS_URL name."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, create_engine, make_url, select, text, update
from sqlalchemy.orm import Session

from db import batches, jobs, records, results, rollups, sources
from db.engine import connect, transaction
from pipelines.records import Analysis, Kind, Label, Lane, Mention, ModelRef, Record
from workers.settings import keep_to_one_thread, settings

keep_to_one_thread()  # as the workers do; threads that wait for each other made some tests ten times as slow

# A deadline judges the machine's neighbours, not the code.
hypothesis_settings.register_profile("bellwether", deadline=None)
hypothesis_settings.load_profile("bellwether")


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


@contextmanager
def database_of_its_own(server: str, *, template: str = "template0 ENCODING 'UTF8'") -> Iterator[str]:
    """Create a database from `template`, yield its URL, and drop it whoever is still connected."""
    name = f"bellwether_test_{uuid4().hex[:12]}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def template_database(postgres_server: str) -> Iterator[str]:
    """A migrated, empty database that the tests' own are copied from."""
    from db.migrate import upgrade

    with database_of_its_own(postgres_server) as url:
        upgrade(url)
        yield str(make_url(url).database)


@pytest.fixture
def postgres_url(postgres_server: str, template_database: str) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    with database_of_its_own(postgres_server, template=template_database) as url:
        yield url


@pytest.fixture(scope="session")
def copy_of(postgres_server: str) -> Callable[[str], AbstractContextManager[str]]:
    """Return a function that copies a database to which nobody is connected, and drops the copy at the end."""
    return lambda url: database_of_its_own(postgres_server, template=f'"{make_url(url).database}"')


@pytest.fixture
def bare_url(postgres_server: str) -> Iterator[str]:
    """A database in which nothing was ever created."""
    with database_of_its_own(postgres_server) as url:
        yield url


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


@dataclass(frozen=True, slots=True)
class Post:
    """A text, when it was published and what a model will say of it.

    `entities` are GROUP:normal form, and may say how the text speaks of them: GROUP:normal form=positive.
    """

    at: datetime
    sentiment: str = "neutral"
    topic: str | None = None
    entities: tuple[str, ...] = ()
    text: str = "Shares moved."


@dataclass(frozen=True, slots=True)
class Feed:
    """A source whose posts are stored and analysed by hand, for tests of what comes after."""

    engine: Engine

    def store(
        self, posts: Sequence[Post], *, source: str = "wire", lane: Lane = Lane.LIVE, prefix: str = "p", close: bool = True
    ) -> list[int]:
        """Take posts in as one job, pending; return their record ids, in order."""
        given = [Record(source, f"{prefix}{number}", Kind.NEWS, one.text, one.at) for number, one in enumerate(posts)]
        with transaction(self.engine) as session:
            source_id = sources.ensure_source(session, source, kind=Kind.NEWS, taxonomy="finance-desk")
            job = jobs.open_job(session, lane=lane)
            stored = records.save_records(session, given, source_id=source_id, job_id=job.id, lane=lane, batched=True)
            jobs.count_intake(session, job.id, n_total=len(stored), n_duplicate=0, n_rejected=0)
            if close:
                jobs.close_job(session, job.id)
        return [one.record_id for one in stored]

    def analyse(self, said: Mapping[int, Post], *, revision: str = "0123456789ab") -> None:
        """Save what a model says of stored records, as one batch."""
        with transaction(self.engine) as session:
            [batch_id] = batches.form(
                session, list(said), sizes_bytes=[1] * len(said), lane=Lane.LIVE, max_records=len(said), max_bytes=1 << 30
            )
            claim = batches.claim(session, batch_id, lease=timedelta(minutes=2), worker="test")
            assert claim is not None
            model_id = results.ensure_model(session, ModelRef("default", revision))
            analyses = [_analysis(record_id, post, revision=revision) for record_id, post in said.items()]
            results.save_results(session, claim, analyses=analyses, failures=[], model_id=model_id)

    def bring(self, posts: Sequence[Post], **asked: Any) -> list[int]:
        """Store posts, analyse them and refresh their rollups."""
        ids = self.store(posts, **asked)
        self.analyse(dict(zip(ids, posts, strict=True)))
        self.refresh()
        return ids

    def refresh(self) -> None:
        """Bring every rollup up to date."""
        with transaction(self.engine) as session:
            while rollups.refresh(session, bucket=timedelta(minutes=15), limit=10_000):
                pass


def _analysis(record_id: int, post: Post, *, revision: str) -> Analysis:
    score = 0.9 if post.sentiment == "negative" else 0.05
    mentions = tuple(_mention(index, *entity.partition("=")[::2]) for index, entity in enumerate(post.entities))
    return Analysis(
        document_id=record_id,
        model=ModelRef("default", revision),
        sentiment=Label(post.sentiment, 0.9),
        sentiment_scores={"negative": score, "neutral": 0.05, "positive": 0.05},
        taxonomy="finance-desk",
        topic=Label(post.topic, 0.8) if post.topic else None,
        topics=(Label(post.topic, 0.8),) if post.topic else (),
        mentions=mentions,
        language="en",
        n_tokens=5,
        n_windows=1,
    )


def _mention(index: int, entity: str, towards: str) -> Mention:
    group, _, name = entity.partition(":")
    return Mention(group, name, index, index + 1, 0.9, name, Label(towards, 0.8) if towards else None)


@pytest.fixture
def feed(engine: Engine) -> Feed:
    """A source that tests fill by hand."""
    return Feed(engine)


@pytest.fixture
def post() -> type[Post]:
    """How tests make a post."""
    return Post


@pytest.fixture
def incident_in_outbox(engine: Engine) -> Callable[..., int]:
    """Return a function that stores an incident and queues changes of it, as failed before where an `error` is given."""
    from db import outbox
    from db.tables import Incident, Notification, Source

    def stored(*changes: str, state: str = "firing", notifiers: Sequence[str] = ("desk",), error: str | None = None) -> int:
        noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        with transaction(engine) as session:
            source = session.scalar(select(Source)) or Source(name="wire", kind="news", taxonomy="finance-desk")
            session.add(source)
            session.flush()
            names = {"fingerprint": "f", "rule": "r", "rule_hash": "h", "dimension": "source", "key": "", "metric": "negatives"}
            times = {"opened_at": noon, "peak_at": noon, "last_judged_at": noon}
            figures = {"observed": 33, "expected": 1.9, "p_value": 1e-13, "n": 120, "n_negative": 33}
            one = Incident(source_id=source.id, state=state, why="It rose.", evidence={}, **names, **times, **figures)
            session.add(one)
            session.flush()
            for change in changes:
                outbox.queue_notifications(session, one.id, change=change, notifiers=notifiers)
            if error:
                session.execute(update(Notification).where(Notification.incident_id == one.id).values(attempts=1, error=error))
            return one.id

    return stored
