import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db import rollups
from db.engine import transaction
from workers.cli.report import app
from workers.errors import UsageError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def _read(feed: Any, post: Any, configured: None) -> None:
    feed.bring(
        [
            post(NOON, "negative", "earnings", ("TICKER:AAPL",)),
            post(NOON, "positive", "earnings", ("TICKER:AAPL",)),
            post(NOON + timedelta(days=1), "neutral", "trading", ("ORG:apple",)),
        ]
    )


@pytest.mark.usefixtures("_read")
def test_report_sentiment_counts_each_source() -> None:
    [row] = _asked("sentiment")

    assert row == {"source": "wire", "n_records": 3, "n_negative": 1, "n_neutral": 1, "n_positive": 1, "negative_share": 1 / 3}


@pytest.mark.usefixtures("_read")
def test_report_topics_and_entities_put_the_commonest_first() -> None:
    assert [(row["topic"], row["n_records"]) for row in _asked("topics")] == [("earnings", 2), ("trading", 1)]
    assert [(row["entity_group"], row["entity"], row["n_records"]) for row in _asked("entities")] == [
        ("TICKER", "AAPL", 2),
        ("ORG", "apple", 1),
    ]


@pytest.mark.usefixtures("_read")
def test_report_entities_has_no_column_of_what_no_model_said() -> None:
    assert "towards" not in CliRunner().invoke(app, ["entities"]).stdout
    assert [row["n_positive_towards"] for row in _asked("entities")] == [0, 0]


@pytest.mark.usefixtures("configured")
def test_report_entities_tells_how_records_speak_of_each(feed: Any, post: Any) -> None:
    feed.bring(
        [
            post(NOON, "positive", None, ("ORG:Gold=positive", "ORG:Stocks=negative")),
            post(NOON, "negative", None, ("ORG:Gold=positive",)),
            post(NOON, "negative", None, ("ORG:Silver",)),
        ]
    )

    table = CliRunner().invoke(app, ["entities"]).stdout
    comma_separated = CliRunner().invoke(app, ["entities", "--format", "csv"]).stdout

    assert [line.split()[-6:] for line in table.splitlines()[-3:]] == [
        ["2", "50%", "0%", "50%", "0%", "100%"],
        ["1", "100%", "0%", "0%", "-", "-"],
        ["1", "0%", "0%", "100%", "100%", "0%"],
    ]
    assert comma_separated.splitlines()[1].endswith("0.5,0,0,2")


@pytest.mark.usefixtures("_read")
def test_report_volume_counts_days_since_a_date() -> None:
    assert [row["day_at"] for row in _asked("volume")] == ["2026-03-02", "2026-03-03"]
    assert [row["n_records"] for row in _asked("volume", "--since", "2026-03-03")] == [1]


@pytest.mark.usefixtures("_read")
@pytest.mark.parametrize(("form", "expected"), [("csv", "source,n_records,n_negative"), ("table", "records  negative  neutral  positive")])
def test_report_prints_other_forms(form: str, expected: str) -> None:
    assert expected in CliRunner().invoke(app, ["sentiment", "--format", form]).stdout


@pytest.mark.usefixtures("_read")
def test_report_says_what_to_ask_when_the_answer_is_empty() -> None:
    result = CliRunner().invoke(app, ["sentiment", "--since", "2026-04-01"])

    assert result.exit_code == 0
    assert "try --since 2026-03-03" in result.stderr


@pytest.mark.usefixtures("configured")
def test_report_says_what_to_do_when_nothing_was_read() -> None:
    result = CliRunner().invoke(app, ["topics", "--json"])

    assert "bellwether enqueue FILE" in result.stderr
    assert json.loads(result.stdout) == []


@pytest.mark.usefixtures("configured")
def test_report_refuses_a_since_that_it_cannot_read() -> None:
    result = CliRunner().invoke(app, ["volume", "--since", "lately"])

    assert isinstance(result.exception, UsageError)


def _asked(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


def test_report_says_that_it_lags_behind_what_is_analysed(feed: Any, post: Any, configured: None, engine: Engine) -> None:
    feed.bring([post(NOON, "negative", "earnings")])
    with transaction(engine) as session:
        rollups.touch_all(session)

    result = CliRunner().invoke(app, ["sentiment"])

    assert "not counted here yet: ask again in 10 s" in result.stderr
