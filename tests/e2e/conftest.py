"""A whole stack of real processes with a tiny random model, one a test module."""

import json
import os
import signal
import string
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from sqlalchemy import Engine, text

from db.engine import connect, transaction
from db.jobs import JobView, read_job

WAIT_S = 150.0


def wait_for(true: Callable[[], Any], *, what: str, seconds: float = WAIT_S) -> Any:
    """Look until `true` gives something true; the state looked at belongs to other processes, which tell of no change."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {seconds:.0f} s")


@dataclass
class RunningStack:
    """`bellwether up` in a process of its own."""

    process: "subprocess.Popen[bytes]"
    home: Path
    environment: dict[str, str]

    @property
    def facts(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "stack.json").read_text()))

    def find(self, *words: str) -> list[psutil.Process]:
        """Return the stack's processes whose command line holds every word."""
        found = []
        for one in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if all(word in " ".join(one.cmdline()) for word in words):
                    found.append(one)
            except psutil.Error:
                continue
        return found

    def celery(self, node: str) -> psutil.Process:
        """Return the Celery worker (the parent of its pool) of a node."""
        return wait_for(lambda: self.find("-m celery", f"-n {node}"), what=f"worker {node}")[0]

    def run(self, *arguments: str, check: bool = True, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command against the stack."""
        command = [sys.executable, "-m", "workers", *arguments]
        return subprocess.run(command, env=self.environment, input=stdin, capture_output=True, text=True, timeout=WAIT_S, check=check)

    def stop(self) -> None:
        """Stop the stack, unless it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()

    def enqueue(self, n_records: int, *, source: str) -> UUID:
        """Send so many records and return the job."""
        lines = "\n".join(
            json.dumps({"external_id": f"{i}", "text": f"apple profit falls {i} in london", "published_at": "2020-01-01T00:00:00Z"})
            for i in range(n_records)
        )
        receipt = json.loads(self.run("enqueue", "-", "--source", source, "--kind", "news", "--json", stdin=lines).stdout)
        return UUID(receipt["job_id"])


@pytest.fixture(scope="session")
def tiny_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog whose default is a random model of two layers: the same code at a thousandth of the work."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers

    from pipelines.encoder import EncoderConfig
    from pipelines.heads import tag_names
    from pipelines.network import Network, NetworkConfig, save_network
    from pipelines.records import SENTIMENTS

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.printable, *(f"##{one}" for one in string.printable)]
    tokenizer = Tokenizer(models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    encoder = EncoderConfig(vocab_size=400, width=32, n_layers=2, n_attention_heads=4, inner_width=64, n_positions=64, dropout=0.0)
    heads = {"sentiment_news": SENTIMENTS, "sentiment_support": SENTIMENTS}
    special = {"pad": 0, "start": 2, "end": 3}
    torch.manual_seed(1)
    config = NetworkConfig(encoder=encoder, heads=heads, tags=tag_names(("PER", "ORG", "LOC")), window_tokens=30, special=special)
    folder = tmp_path_factory.mktemp("tiny")
    save_network(Network(config).eval(), folder / "default", tokenizer=tokenizer.to_str())
    catalog = folder / "catalog.toml"
    catalog.write_text('[models.default]\nkind = "bellwether"\npath = "default"\n')
    return catalog


def start(home: Path, catalog: Path, **more: str) -> RunningStack:
    """Start `bellwether up` and wait until it says that it is up."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BELLWETHER_")}
    own = {
        "HOME": str(home),
        "ENGINE__CATALOG": str(catalog),
        "ENGINE__DEVICE": "cpu",
        "ENGINE__REPLICAS": "2",
        "LEDGER__RETRY_BACKOFF": "PT0.2S",
    }
    environment = clean | {f"BELLWETHER_{name}": value for name, value in (own | more).items()}
    with (home.parent / "up.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "workers", "up"], env=environment, cwd=home.parent, stdout=log, stderr=log)
    stack = RunningStack(process, home, environment)

    def is_up() -> bool:
        told = (home.parent / "up.log").read_text()
        assert process.poll() is None, told
        return "Bellwether is up" in told

    wait_for(is_up, what="the stack")
    return stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, tiny_catalog: Path) -> Iterator[RunningStack]:
    """A running stack, stopped at the end."""
    running = start(tmp_path_factory.mktemp("stack") / "home", tiny_catalog)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pool(stack: RunningStack) -> Iterator[Engine]:
    """Connections to the stack's database."""
    made = connect(stack.facts["postgres_url"])
    yield made
    made.dispose()


@pytest.fixture
def read(pool: Engine) -> Callable[[UUID], JobView]:
    """Read a job as it stands."""

    def of(job_id: UUID) -> JobView:
        with transaction(pool) as session:
            job = read_job(session, job_id)
        assert job
        return job

    return of


@pytest.fixture
def count(pool: Engine) -> Callable[..., Any]:
    """Ask for one number by SQL."""

    def of(query: str, **values: Any) -> Any:
        with pool.connect() as connection:
            return connection.execute(text(query), values).scalar_one()

    return of


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Give `wait_for` to the tests."""
    return wait_for


@pytest.fixture
def start_stack(tiny_catalog: Path) -> Iterator[Callable[..., RunningStack]]:
    """Give `start` to the tests that need a stack of their own; what still runs at their end is stopped."""
    running: list[RunningStack] = []

    def started(home: Path, **more: str) -> RunningStack:
        running.append(start(home, tiny_catalog, **more))
        return running[-1]

    yield started
    for one in running:
        one.stop()
