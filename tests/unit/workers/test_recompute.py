import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db import counted, retention, rollups, rules
from db.engine import transaction
from db.parts import Part
from db.tables import Source
from db.watermarks import Span
from workers.alert_settings import Rule
from workers.clock import Clock
from workers.errors import NotFound
from workers.judging import Watched, judge
from workers.recompute import Figure, Recomputed, recompute
from workers.turns import rule_hash

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY, BUCKET = timedelta(days=1), timedelta(minutes=15)
N_DAYS, TURN = 10, 8
RULE = Rule(season=timedelta(days=7), dimensions=("topic",))


@pytest.fixture
def part(feed: Any, engine: Engine, post: Any) -> Part:
    """Ten days about earnings, and some about trading, judged: on the ninth earnings are negative, all day long."""
    chance = random.Random(5)
    posts = []
    for minute in range(0, N_DAYS * 24 * 60, 10):
        at = START + timedelta(minutes=minute)
        risk = 0.8 if TURN * DAY <= at - START < (TURN + 1) * DAY else 0.15
        posts.append(post(at, "negative" if chance.random() < risk else "neutral", "earnings", text=f"note {minute}"))
        if minute % 40 == 0:
            posts.append(post(at, "negative" if chance.random() < 0.1 else "neutral", "trading", text=f"chatter {minute}"))
    feed.bring(posts)
    span = Span(START + timedelta(days=7), START + N_DAYS * DAY)
    with transaction(engine) as session:
        source_id = session.scalars(select(Source.id)).one()
        rules.save_rule(session, "share", settings=RULE.model_dump(mode="json"), digest=rule_hash(RULE), origin="settings")
        rows = counted.read_counted(session, source_id=source_id, dimensions=["topic"], since=START, until=span.until, bucket=BUCKET)
    judged = judge(
        rows, rule_name="share", rule=RULE, clock=Clock(BUCKET), source=Watched(source_id, "wire"), span=span, known=[], fitted={}
    )
    [part] = judged.found
    return part


@pytest.fixture
def recomputed(engine: Engine) -> Callable[[Part], Recomputed]:
    """Recompute a part whose figures were stored a second ago."""

    def recomputed(part: Part) -> Recomputed:
        with transaction(engine) as session:
            return recompute(session, part, source="wire", stored_at=datetime.now(UTC))

    return recomputed


def test_recompute_finds_the_stored_figures_without_rollups(engine: Engine, part: Part, recomputed: Callable[[Part], Recomputed]) -> None:
    with transaction(engine) as session:
        rollups.touch_all(session)

    found = recomputed(part)

    assert found.agrees
    assert [one.name for one in found.figures] == ["n", "n_negative", "observed", "expected", "p_value"]
    assert (found.label, found.notes) == ("topic earnings", ())


def test_recompute_says_which_figure_differs_and_that_records_came_since(
    feed: Any, engine: Engine, post: Any, part: Part, recomputed: Callable[[Part], Recomputed]
) -> None:
    with transaction(engine) as session:
        stored_at = datetime.now(UTC)
    feed.bring([post(part.window_from, "negative", "earnings", text="late")], prefix="late")

    with transaction(engine) as session:
        found = recompute(session, part, source="wire", stored_at=stored_at)

    differing = {one.name: one for one in found.figures if not one.agrees}
    assert not found.agrees
    assert differing["n"] == Figure("n", part.n, part.n + 1)
    assert any(note.startswith("1 records came") for note in found.notes)


def test_recompute_says_what_retention_removed(engine: Engine, part: Part, recomputed: Callable[[Part], Recomputed]) -> None:
    with transaction(engine) as session:
        retention.prune(session, now=datetime.now(UTC) + 30 * DAY, records=DAY, quarantine=DAY, batches=90 * DAY)

    found = recomputed(part)

    assert not found.agrees
    assert found.figures[0].recomputed == 0
    assert any("removed by retention" in note for note in found.notes)


def test_recompute_says_that_the_window_is_no_window_of_the_rule(part: Part, recomputed: Callable[[Part], Recomputed]) -> None:
    found = recomputed(replace(part, window_from=part.peak_at - timedelta(minutes=50)))

    assert {one.recomputed for one in found.figures} == {None}
    assert any("rollups.bucket" in note for note in found.notes)


def test_recompute_refuses_a_rule_that_nobody_knows_any_more(part: Part, recomputed: Callable[[Part], Recomputed]) -> None:
    with pytest.raises(NotFound, match="not stored any more"):
        recomputed(replace(part, rule_hash="0" * 12))


def test_recompute_of_silence_counts_the_records_there_were(part: Part, recomputed: Callable[[Part], Recomputed]) -> None:
    silent = replace(part, metric="silence", dimension="source", key="", n=0, n_negative=0)

    assert not recomputed(silent).agrees
    assert recomputed(replace(silent, window_from=START + 20 * DAY, peak_at=START + 21 * DAY)).agrees


@pytest.mark.parametrize(
    ("figure", "agrees"),
    [
        (Figure("n", 67, 67), True),
        (Figure("n", 67, 68), False),
        (Figure("expected", 0.18, 0.18000001), True),
        (Figure("expected", 0.18, 0.19), False),
        (Figure("p_value", 2e-30, 2.04e-30), True),
        (Figure("p_value", 2e-7, 3e-7), False),
        (Figure("p_value", 1e-37, 0.0), True),
        (Figure("n", 67, None), False),
    ],
)
def test_figure_forgives_rounding_only(figure: Figure, agrees: bool) -> None:  # noqa: FBT001  # a parameter
    assert figure.agrees is agrees
