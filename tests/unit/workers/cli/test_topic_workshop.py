"""Drafts, checks and measures taxonomies with a tiny random model: the real commands, in a second or two."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.taxonomy import BadTaxonomy, DescribedTaxonomy, read_taxonomy
from workers.cli.topics import app

pytestmark = pytest.mark.usefixtures("tiny_engine")

TAXONOMY = """
name = "mine"
[[topics]]
name = "card-late"
title = "Card late"
description = "my card is late"
examples = ["my card is late", "the card is very late"]
[[topics]]
name = "profit"
description = "profit falls"
examples = ["profit falls in london"]
"""


@pytest.fixture
def taxonomy(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(TAXONOMY)
    return str(path)


def rows(path: Path, given: list[dict[str, str]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in given))
    return str(path)


@pytest.fixture
def labelled(tmp_path: Path) -> str:
    said = [("my card is late", "Card late"), ("profit falls in london", "profit"), ("the news is bad", "out_of_scope")]
    return rows(tmp_path / "any.jsonl", [{"text": text, "label": label} for text, label in said * 2])


@pytest.fixture
def records(tmp_path: Path) -> str:
    said = [f"my card number {word} is late" for word in ("apple", "bank", "loss", "fee", "tim", "cook", "great", "bad", "news", "market")]
    said += [
        f"profit falls at the {word} today" for word in ("apple", "bank", "loss", "fee", "tim", "cook", "great", "bad", "news", "market")
    ]
    return rows(tmp_path / "records.jsonl", [{"text": text} for text in said])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


def test_topics_evaluate_prints_figures_by_topic_and_threshold(taxonomy: str, labelled: str) -> None:
    result = run("evaluate", "--taxonomy", taxonomy, "--data", labelled)

    assert result.exit_code == 0, result.output
    for words in (
        "mine on any.jsonl",
        "coverage",
        "macro",
        "by topic, as served",
        "card-late",
        "other thresholds",
        "label by what was given",
    ):
        assert words in result.stdout


def test_topics_evaluate_gives_json_and_a_page(taxonomy: str, labelled: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    found = json.loads(run("evaluate", "--taxonomy", taxonomy, "--data", labelled, "--json", "--html", str(page)).stdout)

    assert found["taxonomy"] == "mine"
    assert {"threshold", "coverage", "served", "forced", "thresholds"} <= set(found)
    assert found["served"]["n"] == 6
    assert "Taxonomy mine as served" in page.read_text()


def test_topics_evaluate_says_what_is_wrong_with_the_rows(taxonomy: str, tmp_path: Path) -> None:
    unlabelled = rows(tmp_path / "a.jsonl", [{"text": "my card"}])
    empty = rows(tmp_path / "b.jsonl", [])

    assert "row 1: `label` must be a non-empty string" in run("evaluate", "--taxonomy", taxonomy, "--data", unlabelled).output
    result = run("evaluate", "--taxonomy", taxonomy, "--data", empty)
    assert result.exit_code == 2
    assert "has no rows" in result.output


def test_topics_evaluate_of_a_trained_taxonomy_names_the_command_that_can(labelled: str) -> None:
    error = run("evaluate", "--taxonomy", "banking77", "--data", labelled).exception

    assert isinstance(error, BadTaxonomy)
    assert "bellwether evaluate --task topics_banking77" in str(error)


def test_topics_check_tells_each_fault_with_its_mend(taxonomy: str) -> None:
    result = run("check", "--taxonomy", taxonomy)

    assert result.exit_code == 0, result.output
    assert "mine: 2 topics, 3 examples; threshold 0.10, fitted to the examples." in result.stdout
    assert "thin · profit: 1 example\n  -> add 4 or more" in result.stdout


def test_topics_check_is_strict_where_asked(taxonomy: str, records: str) -> None:
    result = run("check", "--taxonomy", taxonomy, "--data", records, "--strict", "--json")

    assert result.exit_code == 1
    assert {"fault": "thin", "topic": "profit"}.items() <= json.loads(result.stdout)[-1].items()


def test_topics_suggest_writes_a_draft_that_can_be_read(records: str, tmp_path: Path) -> None:
    out = tmp_path / "draft.toml"

    result = run("suggest", "--data", records, "--topics", "2", "--name", "tickets", "--out", str(out))

    assert result.exit_code == 0, result.output
    assert "2 candidate topics" in result.stdout
    taxonomy = read_taxonomy(out)
    assert isinstance(taxonomy, DescribedTaxonomy)
    assert (taxonomy.name, len(taxonomy.topics)) == ("tickets", 2)
    again = run("suggest", "--data", records, "--out", str(out))
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_topics_suggest_prints_the_draft_or_json(records: str) -> None:
    assert "[[topics]]" in run("suggest", "--data", records, "--topics", "2").stdout
    assert len(json.loads(run("suggest", "--data", records, "--topics", "2", "--json").stdout)["topics"]) == 2


def test_topics_suggest_says_so_where_a_taxonomy_leaves_too_few(taxonomy: str, records: str) -> None:
    result = run("suggest", "--data", records, "--taxonomy", taxonomy)

    assert result.exit_code == 2
    assert "too few" in result.output
