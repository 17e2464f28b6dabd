"""Probes a tiny random model: the real command, in a second."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workers.cli.robustness import app

pytestmark = pytest.mark.usefixtures("tiny_engine")


@pytest.fixture
def news(tmp_path: Path) -> str:
    path = tmp_path / "sentiment_news.dev.jsonl"
    rows = [{"text": f"the profit {word}", "label": label} for word, label in (("falls", "negative"), ("rises", "positive"))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows * 6))
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["--model", "tiny", *arguments])


def test_robustness_prints_a_table_for_people(news: str) -> None:
    result = run("--data", news, "--only", "upper, negation")

    assert result.exit_code == 0, result.output
    for words in ("sentiment_news, macro f1: tiny (", "upper", "negation", "95% interval", "answers changed"):
        assert words in result.stdout


def test_robustness_prints_json_and_csv(news: str) -> None:
    found = json.loads(run("--data", news, "--only", "typos", "--json").stdout)
    [row] = csv.DictReader(io.StringIO(run("--data", news, "--only", "typos", "--format", "csv").stdout))

    assert {"accuracy", "macro_f1"} < set(found["trials"][0]["figures"])
    assert row["perturbation"] == found["trials"][0]["perturbation"] == "typos"


def test_robustness_writes_a_page(news: str, tmp_path: Path) -> None:
    result = run("--data", news, "--only", "upper", "--html", str(tmp_path / "page.html"), "--hide-texts")

    assert "The page is" in result.stderr
    assert "PROFIT" not in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "noise"), "no perturbation 'noise'"),
        (("nowhere.jsonl",), "there is no file nowhere.jsonl"),
        (("--task", "mood"), "'mood' is no task"),
        (("--task", "sentiment_mail"), "no head 'sentiment_mail'"),
    ],
)
def test_robustness_says_what_is_wrong(news: str, arguments: tuple[str, ...], words: str) -> None:
    result = run("--data", news, *arguments)

    assert result.exit_code == 2
    assert words in result.stderr
