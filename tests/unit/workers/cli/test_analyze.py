import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.errors import InvalidRecord
from pipelines.records import Analysis, Document, Kind, Label, Mention, ModelRef
from workers.cli.analysis_view import view
from workers.cli.analyze import app
from workers.errors import UsageError

TEXT = "Acme fell 5% after $ACME cut its outlook"


@pytest.mark.usefixtures("tiny_engine")
def test_analyze_prints_exact_json() -> None:
    result = CliRunner().invoke(app, [TEXT, "--json", "--taxonomy", "complaints", "--title", "Acme"])

    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["taxonomy"] == "complaints"
    assert shown["sentiment"]["score"] == max(shown["sentiment_scores"].values())
    checked = [mention for mention in shown["mentions"] if mention["score"] == 1.0]
    assert [(TEXT[m["start"] : m["end"]], m["entity_group"], m["entity"]) for m in checked] == [
        ("5%", "PERCENT", "5%"),
        ("$ACME", "TICKER", "ACME"),
    ]


@pytest.mark.usefixtures("tiny_engine")
def test_analyze_draws_a_picture_without_json() -> None:
    result = CliRunner().invoke(app, [TEXT, "--kind", "support", "--taxonomy", "complaints"])

    assert result.exit_code == 0, result.output
    assert all(word in result.stdout for word in ("sentiment", "negative", "topics", "complaints", "TICKER", "model tiny"))


@pytest.mark.usefixtures("tiny_engine")
def test_analyze_reads_a_file_or_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(f"\ufeff{TEXT}", encoding="utf-8")

    from_file = CliRunner().invoke(app, ["--file", str(path), "--json"])
    from_input = CliRunner().invoke(app, ["--file", "-", "--json"], input=TEXT)

    assert from_file.exit_code == 0, from_file.output
    assert json.loads(from_file.stdout) == json.loads(from_input.stdout)


@pytest.mark.parametrize("arguments", [[], ["a text", "--file", "-"]])
def test_analyze_wants_a_text_or_a_file(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert "give either a text or --file" in result.stderr


def test_analyze_refuses_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("caf\u00e9".encode("latin-1"))

    result = CliRunner().invoke(app, ["--file", str(path)])

    assert result.exit_code == 1
    assert "is not UTF-8 (byte 3)" in result.stderr


@pytest.mark.usefixtures("tiny_engine")
def test_analyze_says_what_can_not_be_read() -> None:
    assert isinstance(CliRunner().invoke(app, ["  "]).exception, InvalidRecord)
    assert isinstance(CliRunner().invoke(app, ["x", "--taxonomy", "nope"]).exception, UsageError)


def drawn(text: str, mentions: tuple[Mention, ...], topic: Label | None = None) -> str:
    scores = {"negative": 0.7, "neutral": 0.2, "positive": 0.1}
    topics = (topic,) if topic else ()
    analysis = Analysis(0, ModelRef("m", "abc"), Label("negative", 0.7), scores, "desk", topic, topics, mentions, None, 4, 1)
    stream = io.StringIO()
    Console(file=stream, width=100, force_terminal=False).print(view(Document(0, Kind.NEWS, text, "desk", "A title"), analysis))
    return stream.getvalue()


def test_view_shows_text_title_bars_and_entities() -> None:
    shown = drawn("Acme fell", (Mention("ORG", "Acme", 0, 4, 0.9, "Acme"),), Label("earnings", 0.5))

    assert all(part in shown for part in ("A title", "Acme fell", "negative 70%", "earnings", "50%", "0-4", "language unsure"))


def test_view_tells_how_the_text_speaks_of_its_entities() -> None:
    gold, stocks = Mention("ORG", "Gold", 0, 4, 0.9, "Gold", Label("positive", 0.87)), Mention("PERCENT", "5%", 12, 14, 1.0, "5%")

    lines = drawn("Gold shines 5%", (gold, stocks)).splitlines()

    assert any("spoken of" in line for line in lines)
    assert any("Gold" in line and "positive 87%" in line for line in lines)
    assert "spoken of" not in drawn("Gold shines 5%", (stocks,))


def test_view_disarms_control_characters() -> None:
    shown = drawn("a\x1b[31mb\x9b c", (Mention("ORG", "\x1b[31mb", 1, 7, 0.9, "b"),))

    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_view_shortens_what_is_long_and_says_so() -> None:
    shown = drawn("word " * 1_000, tuple(Mention("ORG", "word", at * 5, at * 5 + 4, 0.9, "Word") for at in range(50)))

    assert "3,000 more characters, read but not shown" in shown
    assert "and 30 more; --json lists all" in shown
