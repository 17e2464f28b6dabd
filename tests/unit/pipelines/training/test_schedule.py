from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.schedule import learning_rate, plan_steps
from pipelines.training.shipped import LESSONS

LENGTHS = {task: [5 + index % 17 for index in range(40)] for task in LESSONS}


def test_plan_steps_follows_from_the_seed() -> None:
    first, again, other = (plan_steps(LENGTHS, n_steps=50, token_budget=100, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_plan_steps_reads_every_row_once_an_epoch() -> None:
    plan = plan_steps(LENGTHS, n_steps=400, token_budget=100, seed=1)

    entities = [step.rows for step in plan if step.task == "entities"]
    n_batches = next(n for n in range(1, 40) if sum(map(len, entities[:n])) == 40)
    assert sorted(row for rows in entities[:n_batches] for row in rows) == list(range(40))


def test_plan_steps_gives_each_task_its_share() -> None:
    plan = plan_steps(LENGTHS, n_steps=4_000, token_budget=100, seed=3)

    counted = Counter(step.task for step in plan)
    assert all(counted[task] / 4_000 == pytest.approx(lesson.share, abs=0.03) for task, lesson in LESSONS.items())


def test_shares_make_a_whole() -> None:
    assert sum(lesson.share for lesson in LESSONS.values()) == pytest.approx(1)


@given(st.integers(2, 5_000), st.floats(0.01, 0.5))
def test_learning_rate_rises_to_one_then_falls(n_steps: int, warm_up: float) -> None:
    rates = [learning_rate(step, n_steps=n_steps, warm_up=warm_up) for step in range(n_steps)]

    peak = rates.index(max(rates))
    assert min(rates) > 0
    assert max(rates) <= 1
    assert all(before <= after for before, after in pairwise(rates[: peak + 1]))
    assert all(before >= after for before, after in pairwise(rates[peak:]))
