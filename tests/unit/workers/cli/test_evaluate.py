"""Measures a tiny random model: the real command, in a second."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from workers.cli.evaluate import app

pytestmark = pytest.mark.usefixtures("tiny_engine")


@pytest.fixture
def news(tmp_path: Path) -> str:
    path = tmp_path / "sentiment_news.dev.jsonl"
    rows = [{"text": f"profit {word}", "label": label, "source": "wire"} for word, label in (("falls", "negative"), ("rises", "positive"))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows * 6))
    return str(path)


@pytest.fixture
def names(tmp_path: Path) -> str:
    path = tmp_path / "entities.jsonl"
    path.write_text('{"text": "Tim Cook", "entities": [{"start": 0, "end": 8, "label": "PER"}]}\n')
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["--model", "tiny", *arguments])


def test_evaluate_prints_a_table_for_people(news: str, names: str) -> None:
    result = run("--data", news, names, "--slices", "source,time")

    assert result.exit_code == 0, result.output
    assert "tiny (" in result.stdout
    for words in ("accuracy", "precision", "sentiment_news by source", "wire", "no row tells its time"):
        assert words in result.stdout


def test_evaluate_prints_every_label_of_a_single_file(news: str) -> None:
    result = run("--data", news)

    for words in ("sentiment_news by label", "what was answered", "It is right", "brier"):
        assert words in result.stdout


def test_evaluate_prints_every_figure_as_json(news: str, names: str) -> None:
    result = run("--data", news, names, "--slices", "length", "--json")

    [first, second] = json.loads(result.stdout)
    assert [first["task"], second["task"]] == ["sentiment_news", "entities"]
    assert {"accuracy", "macro_f1", "macro_recall", "auc", "ece", "confusion", "by_label", "reliability"} < set(first)
    assert {"precision", "recall", "f1", "f1_served", "partial_f1"} < set(second)
    assert first["slices"][0]["name"] == "1 to 10 words"
    assert first["model"] == "tiny"


def test_evaluate_prints_plain_figures_as_csv(news: str) -> None:
    [row] = csv.DictReader(io.StringIO(run("--data", news, "--format", "csv").stdout))

    assert (row["task"], row["n"]) == ("sentiment_news", "12")


def test_evaluate_prints_the_mean_of_several_models(news: str) -> None:
    result = run("--model", "tiny", "--data", news, "--json")

    rows = json.loads(result.stdout)
    assert [row["model"] for row in rows] == ["tiny", "tiny", "mean of 2 models"]
    assert rows[2]["accuracy"] == rows[0]["accuracy"]


def test_evaluate_compares_two_models(news: str) -> None:
    result = run("--compare", "tiny", "--data", news)

    assert result.exit_code == 0, result.output
    assert "tiny and tiny score the same" in result.stdout


def test_evaluate_takes_both_models_behind_compare(news: str, tiny_catalog: Path) -> None:
    folder = str(tiny_catalog.parent / "tiny")

    result = CliRunner().invoke(app, ["--compare", "tiny", folder, "--data", news, "--json"])

    [row] = json.loads(result.stdout)
    assert (row["comparison"]["mine"], row["comparison"]["other"]) == ("tiny", folder)


def test_evaluate_writes_a_page(news: str, tmp_path: Path) -> None:
    result = run("--data", news, "--html", str(tmp_path / "page.html"))

    assert result.exit_code == 0, result.output
    assert "Model tiny (" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "page.html" in result.stderr


def test_evaluate_says_which_row_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "sentiment_news.dev.jsonl"
    path.write_text('{"text": "a", "label": "angry"}\n')

    result = run("--data", str(path))

    assert result.exit_code == 2
    assert "sentiment_news.dev.jsonl, row 1: label 'angry'" in result.stderr


def test_evaluate_says_which_heads_there_are(tmp_path: Path) -> None:
    path = tmp_path / "topics_desk.jsonl"
    path.write_text('{"text": "a", "label": "loan"}\n')

    result = run("--data", str(path))
    mended = run("--data", str(path), "--head", "topics_complaints", "--json")

    assert result.exit_code == 2
    assert "has no head 'topics_desk'; it has sentiment_news" in result.stderr
    assert json.loads(mended.stdout)[0]["task"] == "topics_desk"


def test_evaluate_asks_for_the_task_that_a_file_name_does_not_tell(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\nprofit falls,negative\n")

    result = run("--data", str(path))
    mended = run("--data", str(path), "--task", "sentiment_news", "--json")

    assert (result.exit_code, "--task" in result.stderr) == (2, True)
    assert json.loads(mended.stdout)[0]["n"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--slices", "colour"], "source, length, language, time"),
        (["nowhere.jsonl"], "no file nowhere.jsonl"),
        (["--task", "mood"], "is no task"),
    ],
)
def test_evaluate_refuses_what_it_does_not_know(news: str, arguments: list[str], words: str) -> None:
    result = run("--data", news, *arguments)

    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize(("text", "words"), [("", "holds no row"), ('{"text": "the fee", "entities": []}\n', "holds no span")])
def test_evaluate_refuses_a_file_with_nothing_to_measure_by(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "entities.jsonl"
    path.write_text(text)

    result = run("--data", str(path))

    assert result.exit_code == 2
    assert words in result.stderr
