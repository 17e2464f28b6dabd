from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, insert

from db.engine import transaction
from db.tables import Rollup, Source
from workers.alert_settings import DEFAULT_RULES, Rule
from workers.rules_check import Checked, check_rules

START = datetime(2026, 3, 2, tzinfo=UTC)
BUCKET, N_DAYS = timedelta(minutes=15), 10
SERIES = (("source", ""), ("topic", "cards"), ("topic", "loans"))


Check = Callable[[Rule], Checked]


@pytest.fixture
def check(engine: Engine, configured: None) -> Check:
    """Ten quiet days of a source and two topics, some 40 records an hour each, a fifth of them negative; checks a rule on them."""
    _store(engine, share=np.full((len(SERIES), N_DAYS * 96), 0.2))
    return partial(_check, engine)


@pytest.fixture
def check_wild(engine: Engine, configured: None) -> Check:
    """Days of the same on each of which each series turns for an hour; checks a rule on them."""
    share = np.full((len(SERIES), N_DAYS, 96), 0.2)
    for row in range(len(SERIES)):
        for day in range(N_DAYS):
            start = (31 * day + 17 * row) % 90
            share[row, day, start : start + 4] = 0.95
    _store(engine, share=share.reshape(len(SERIES), -1))
    return partial(_check, engine)


def test_check_rules_passes_those_that_are_shipped_on_quiet_days(check: Check) -> None:
    for rule in DEFAULT_RULES.values():
        checked = check(rule)

        assert (checked.verdict, checked.n_turns, checked.why) == ("ok", 0, "")
        assert checked.series_days == pytest.approx(3 * N_DAYS)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (Rule(min_records=1_000_000), "min_records is 1000000: lower it"),
        (Rule(min_ratio=100), "even windows of 95% negatives open nothing: lower min_ratio (now 100)"),
        (Rule(metric="volume", min_ratio=100), "even windows of 10 times the usual open nothing"),
        (Rule(min_baseline_records=1 << 30), "min_baseline_records (now 1073741824)"),
        (Rule(dimensions=("entity",)), "there is no series of entity"),
    ],
)
def test_check_rules_says_why_a_rule_never_fires(check: Check, rule: Rule, complaint: str) -> None:
    checked = check(rule)

    assert checked.refused
    assert checked.verdict == "never fires"
    assert complaint in checked.why


def test_check_rules_refuses_what_always_fires(check_wild: Check) -> None:
    rule = Rule()

    checked = check_wild(rule)

    assert checked.verdict == "always fires"
    assert f"raise min_ratio (now {rule.min_ratio:g}) or min_records (now {rule.min_records})" in checked.why


def test_check_rules_without_history_says_so_and_refuses_nothing(engine: Engine, configured: None) -> None:
    with transaction(engine) as session:
        [checked] = check_rules(session, {"desk": Rule()}, now=datetime.now(UTC))

    assert (checked.verdict, checked.refused) == ("no history", False)


def _check(engine: Engine, rule: Rule) -> Checked:
    with transaction(engine) as session:
        return check_rules(session, {"desk": rule}, now=datetime.now(UTC))[0]


def _store(engine: Engine, *, share: NDArray[np.float64]) -> None:
    randoms = np.random.default_rng(23)
    n = randoms.poisson(10, share.shape)
    n_negative = randoms.binomial(n, share)
    with transaction(engine) as session:
        source = Source(name="wire", kind="news", taxonomy="finance-desk")
        session.add(source)
        session.flush()
        rest = {"source_id": source.id, "n_neutral": 0, "n_positive": 0}
        rows = [
            {"dimension": dimension, "key": key, "bucket_at": START + BUCKET * bucket, **rest}
            | {"n": int(n[row, bucket]), "n_negative": int(n_negative[row, bucket])}
            for row, (dimension, key) in enumerate(SERIES)
            for bucket in range(n.shape[1])
        ]
        session.execute(insert(Rollup), rows)
