from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, column, inspect, select, table, text

from db.engine import transaction

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
VIEWS = [
    "v_entity_mentions",
    "v_incident_parts",
    "v_incidents",
    "v_jobs",
    "v_quarantine",
    "v_records",
    "v_sentiment_hourly",
    "v_topic_daily",
]


def test_views_are_those_that_are_promised(engine: Engine) -> None:
    assert sorted(inspect(engine).get_view_names()) == VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_answers_and_says_what_it_is(view: str, engine: Engine) -> None:
    with transaction(engine) as session:
        assert session.execute(select(table(view, column("source" if view != "v_jobs" else "job_id")))).all() == []
        assert session.scalar(text(f"SELECT obj_description('{view}'::regclass)"))


def test_records_show_the_current_version_with_its_newest_analysis(feed: Any, engine: Engine, post: Any) -> None:
    feed.bring([post(NOON, "negative", "earnings", text="Down.")])
    [record_id] = feed.bring([post(NOON, "neutral", "trading", text="Down a little.")])
    feed.analyse({record_id: post(NOON, "positive", "trading")}, revision="fedcba987654")

    with transaction(engine) as session:
        [row] = session.execute(text("SELECT record_id, version, text, sentiment, topic, model_revision FROM v_records"))
    assert tuple(row) == (record_id, 2, "Down a little.", "positive", "trading", "fedcba987654")


def test_records_waiting_for_analysis_are_shown_without_sentiment(feed: Any, engine: Engine, post: Any) -> None:
    feed.store([post(NOON)])

    with transaction(engine) as session:
        [row] = session.execute(text("SELECT state, sentiment, model FROM v_records"))
    assert tuple(row) == ("pending", None, None)


def test_entity_mentions_tell_how_records_speak_of_an_entity_beside_their_own_sentiment(feed: Any, engine: Engine, post: Any) -> None:
    mixed = post(NOON, "positive", None, ("ORG:gold=positive", "ORG:stocks=negative"))
    feed.bring([mixed, post(NOON, "neutral", None, ("ORG:stocks=neutral",))])

    with transaction(engine) as session:
        rows = session.execute(
            text(
                "SELECT entity, n_records, n_negative, n_positive, n_negative_towards, n_neutral_towards, n_positive_towards "
                "FROM v_entity_mentions ORDER BY entity"
            )
        )
        assert [tuple(row) for row in rows] == [("gold", 1, 0, 1, 0, 0, 1), ("stocks", 2, 0, 1, 1, 1, 0)]


def test_jobs_show_their_state(feed: Any, engine: Engine, post: Any) -> None:
    feed.store([post(NOON)], close=False)
    feed.bring([post(NOON)], source="other")

    with transaction(engine) as session:
        assert session.scalars(text("SELECT state FROM v_jobs ORDER BY created_at")).all() == ["open", "done"]
