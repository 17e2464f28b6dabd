"""Probes a tiny random model on a few of the templates: the real command, in a second."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.training.probes.fairness import probe
from pipelines.training.probes.fairness.grid import Grid
from pipelines.training.probes.fairness.shifts import BOUND
from pipelines.training.probes.fairness.templates import template_grids
from workers.cli import fairness

pytestmark = pytest.mark.usefixtures("tiny_engine")


@pytest.fixture(autouse=True)
def few_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    grids = [Grid(grid.setting, grid.columns, grid.rows[::12], grid.paired) for grid in template_grids()]
    monkeypatch.setattr(probe, "template_grids", lambda: grids)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(fairness.app, ["--model", "tiny", *arguments])


def test_fairness_passes_within_the_bound(tmp_path: Path) -> None:
    result = run("--bound", "2", "--html", str(tmp_path / "page.html"))

    assert result.exit_code == 0, result.output
    assert "the most shifted group of each axis" in result.stdout
    assert "None of" in result.stderr
    assert "<svg" in (tmp_path / "page.html").read_text()


def test_fairness_fails_beyond_the_bound() -> None:
    result = run("--bound", "0")

    assert result.exit_code == 1
    assert "comparisons are beyond the bound of 0" in result.stderr


def test_fairness_prints_every_group_as_json_and_csv() -> None:
    found = json.loads(run("--bound", "2", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(run("--bound", "2", "--format", "csv").stdout)))

    assert sum(len(one["groups"]) for one in found["findings"]) == len(rows)
    assert {row["group"] for row in rows} > {"female", "Arabic", "East Asia"}


def test_fairness_puts_people_into_rows(tmp_path: Path) -> None:
    path = tmp_path / "sentiment_support.jsonl"
    path.write_text('{"text": "she is very late", "label": "negative"}\n')

    found = json.loads(run("--bound", "2", "--data", str(path), "--json").stdout)

    assert {one["head"] for one in found["findings"] if one["setting"] == "real text"} == {"sentiment_support"}


def test_fairness_has_the_bound_that_is_defended() -> None:
    assert fairness.BOUND == BOUND


def test_fairness_writes_rows_with_other_people_in_them(tmp_path: Path) -> None:
    path = tmp_path / "entities.jsonl"
    path.write_text('{"text": "she is very late", "entities": []}\n')

    result = run("--data", str(path), "--exchange", str(tmp_path / "out"))

    assert result.exit_code == 0, result.output
    assert "entities.exchanged.jsonl: 1 rows" in result.stdout.replace("\n", "")
    assert (tmp_path / "out" / "entities.exchanged.jsonl").read_text() == '{"text": "he is very late", "entities": []}\n'


def test_fairness_exchanges_nothing_without_rows() -> None:
    result = run("--exchange", "out")

    assert result.exit_code == 2
    assert "--exchange needs --data" in result.stderr
