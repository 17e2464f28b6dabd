import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.explain.values import By, Explanation, Match, Place, Story, TopicExplanation, Unexplainable, WordWeight
from pipelines.records import Kind, ModelRef
from workers.cli.explain import app
from workers.cli.explanation_view import view

TEXT = "Acme fell 5% after $ACME cut its outlook"
WORDS = (WordWeight("Acme", 0, 4, 0.5, "Acme"), WordWeight("fell\x1b[2J", 5, 9, -2.0, "fell"))
MATCHES = (Match("earnings", "example", "Acme cuts its outlook", 0.71),)
FOUND = Explanation(
    "sentiment_news", "negative", {"negative": 0.9, "positive": 0.1}, "positive", "negative", By.GRADIENTS, WORDS, -2.2, 0.6, 0.001
)


@pytest.mark.usefixtures("tiny_engine")
def test_explain_prints_json_whose_words_stand_in_the_text() -> None:
    result = CliRunner().invoke(app, [TEXT, "--json", "--taxonomy", "complaints"])

    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    found = shown["sentiment"]
    assert [TEXT[word["start"] : word["end"]] for word in found["words"]] == [word["word"] for word in found["words"]]
    assert sum(word["weight"] for word in found["words"]) == pytest.approx(found["log_odds"] - found["log_odds_blank"], abs=0.05)
    assert shown["topic"]["kind"] == "trained"


@pytest.mark.usefixtures("tiny_engine")
def test_explain_draws_a_picture_and_writes_a_page(tmp_path: Path) -> None:
    page = tmp_path / "pages" / "why.html"

    result = CliRunner().invoke(app, [TEXT, "--by", "occlusion", "--taxonomy", "complaints", "--html", str(page)])

    assert result.exit_code == 0, result.output
    assert all(word in result.stdout for word in ("sentiment", "positive", "words", "topic", "complaints", "occlusion", "model tiny"))
    assert f"The page is {page}" in result.stderr
    assert "Why the model answered so" in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("tiny_engine")
def test_explain_says_what_is_wrong_with_a_question() -> None:
    result = CliRunner().invoke(app, [TEXT, "--towards", "Gold"])

    assert isinstance(result.exception, Unexplainable)
    assert "does not hold 'Gold'" in str(result.exception)


def test_explain_wants_a_text_or_a_file() -> None:
    result = CliRunner().invoke(app, [])

    assert result.exit_code == 2
    assert 'bellwether explain "' in result.stderr


def test_explanation_view_shows_words_matches_and_no_control_characters() -> None:
    topic = TopicExplanation("desk", "described", None, {"earnings": 0.2}, {"earnings": 0.3}, 0.4, MATCHES)
    story = Story(TEXT, Kind.NEWS, ModelRef("tiny", "abc"), FOUND, topic, "a note")

    shown = _drawn(story)

    assert all(word in shown for word in ("-2.00", "+0.50", "0.71", "Acme cuts its outlook", "none is likely enough", "a note", "+0.001"))
    assert "\x1b[2J" not in shown


def test_explanation_view_names_the_place_that_a_sentiment_is_about() -> None:
    from dataclasses import replace

    shown = _drawn(Story(TEXT, Kind.NEWS, ModelRef("tiny", "abc"), replace(FOUND, towards=Place("Acme", 0, 4))))

    assert "towards" in shown
    assert "topic" not in shown


def _drawn(story: Story) -> str:
    stream = io.StringIO()
    Console(file=stream, width=100, force_terminal=False).print(view(story))
    return stream.getvalue()
