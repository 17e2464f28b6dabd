import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from workers.cli.alerts import app
from workers.errors import UsageError

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
