import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert
from typer.testing import CliRunner

from db.engine import transaction
from db.tables import Rollup, Source
from workers.cli.alerts import app
from workers.errors import NotFound, UsageError

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    randoms = np.random.default_rng(3)
    n = randoms.poisson(60, 300)
    n_negative = randoms.binomial(n, np.where(np.arange(300) // 4 == 70, 0.75, 0.2))
    columns = zip((START + HOUR * index for index in range(300)), n.tolist(), n_negative.tolist(), strict=True)
    rows = [{"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "series": "card", "n": one, "n_negative": other} for at, one, other in columns]
    file = tmp_path / "counts.jsonl.gz"
    file.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode()))
    return file


def test_replay_of_counts_prints_an_object_a_line_and_nothing_else(counts: Path) -> None:
    result = _run("--counts", str(counts), "--metric", "share", "--json")

    [line] = result.stdout.splitlines()
    told = json.loads(line)
    assert list(told) == ["series", "opened_at", "resolved_at", "peak_at", "metric", "observed", "expected", "p_value"]
    assert told["opened_at"] in {f"{START + HOUR * index:%Y-%m-%dT%H:%M:%SZ}" for index in (281, 282)}
    assert result.stderr == ""


def test_replay_of_counts_draws_a_table(counts: Path) -> None:
    assert "card" in _run("--counts", str(counts), "--metric", "share").stdout


def test_replay_of_calm_counts_says_so_beside_what_is_printed(counts: Path) -> None:
    result = _run("--counts", str(counts), "--metric", "volume")

    assert (result.stdout, result.stderr) == ("", "no incidents\n")
    assert _run("--counts", str(counts), "--metric", "volume", "--json").stdout == ""


@pytest.mark.parametrize(("options", "complaint"), [([], "--metric"), (["--metric", "share", "--bucket", "5 parsecs"], "not a duration")])
def test_replay_of_counts_says_what_is_missing(counts: Path, options: list[str], complaint: str) -> None:
    result = _run("--counts", str(counts), *options)

    assert isinstance(result.exception, UsageError)
    assert complaint in str(result.exception)


def test_replay_refuses_an_unknown_metric_and_a_file_there_is_not(counts: Path) -> None:
    assert "volume" in _run("--counts", str(counts), "--metric", "mood").stderr
    assert _run("--counts", "nowhere.jsonl", "--metric", "share").exit_code == 2


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["replay", *arguments])


@pytest.mark.usefixtures("configured")
def test_replay_of_history_prints_lines_a_table_and_how_much_was_judged(engine: Engine) -> None:
    _history(engine)

    lines = [json.loads(line) for line in _run("--since", "30d", "--json").stdout.splitlines()]
    shown = _run("--since", "30d")

    assert [(one["series"], one["source"], one["rule"], one["severity"]) for one in lines] == [
        ("topic cards", "helpdesk", "negative-share", "critical")
    ]
    assert lines[0]["why"].startswith("Negative share of topic cards in helpdesk rose to ")
    assert {part["rule"] for part in lines[0]["parts"]} == {"negative-share", "negatives"}
    assert "topic cards" in shown.stdout
    assert "1 incident (1 critical" in shown.stderr
    assert "nothing was stored or sent" in shown.stderr


@pytest.mark.usefixtures("configured")
def test_replay_without_history_says_what_to_do() -> None:
    assert isinstance(_run().exception, NotFound)


@pytest.mark.parametrize("options", [["--metric", "share"], ["--bucket", "5m"]])
def test_replay_of_history_refuses_what_is_for_counts(options: list[str]) -> None:
    assert isinstance(_run(*options).exception, UsageError)


def _history(engine: Engine) -> None:
    """Store ten days of a topic with some 40 records an hour; on the ninth it turns for two hours."""
    randoms = np.random.default_rng(9)
    n = randoms.poisson(10, 960)
    n_negative = randoms.binomial(n, np.where(np.arange(960) // 8 == 100, 0.8, 0.2))
    with transaction(engine) as session:
        source = Source(name="helpdesk", kind="support", taxonomy="banking77")
        session.add(source)
        session.flush()
        same = {"source_id": source.id, "n_neutral": 0, "n_positive": 0}
        counts = [
            same | {"bucket_at": START + HOUR / 4 * index, "n": int(n[index]), "n_negative": int(n_negative[index])} for index in range(960)
        ]
        session.execute(insert(Rollup), [one | {"dimension": "topic", "key": "cards"} for one in counts])
        quiet = {"dimension": "source", "key": "", "n_negative": 0}
        session.execute(insert(Rollup), [one | quiet for one in counts])
