"""Temperature and threshold come from rows held out; a few rows only nudge them."""

import numpy as np

from pipelines.heads import softmax
from pipelines.training.own.judge import Said, judge, macro_f1
from pipelines.training.own.settle import settle
from pipelines.training.tasks import parse_task

RNG = np.random.default_rng(7)


def too_sure(n: int) -> Said:
    """Logits three times as large as the labels drawn from them deserve."""
    honest = RNG.normal(size=(n, 3)).astype(np.float32)
    noise = RNG.gumbel(size=honest.shape)
    return Said(3 * honest, (honest + noise).argmax(axis=1))


def test_settle_finds_the_temperature_of_many_rows() -> None:
    found = settle(parse_task("sentiment_desk"), too_sure(4_000), names=("a", "b", "c"))

    assert found is not None
    assert abs(found.temperature - 3) < 0.3
    assert found.threshold == 0


def test_settle_trusts_few_rows_less() -> None:
    said = too_sure(4_000)
    few = Said(said.logits[:20], said.targets[:20])

    found = settle(parse_task("sentiment_desk"), few, names=("a", "b", "c"))

    assert found is not None
    assert 0.5 < found.temperature < 2.2


def test_settle_gives_topics_a_threshold_that_few_known_ones_fall_below() -> None:
    said = too_sure(2_000)

    found = settle(parse_task("topics_desk"), said, names=("a", "b", "out_of_scope"))

    assert found is not None
    best = softmax(said.logits / np.float32(found.temperature))[said.targets < 2, :2].max(axis=1)
    assert 0 < np.mean(best < found.threshold) <= 0.02


def test_settle_leaves_entities_alone() -> None:
    assert settle(parse_task("entities"), too_sure(10), names=("O", "B-X", "I-X")) is None


def test_judge_does_not_mind_too_sure_a_head() -> None:
    said = too_sure(500)

    sure, honest = judge(said), judge(Said(said.logits / 3, said.targets))

    assert abs(sure.loss - honest.loss) < 1e-2
    assert sure.f1 == honest.f1


def test_macro_f1_can_leave_a_label_out() -> None:
    targets, given = np.array([0, 0, 1, 2]), np.array([0, 0, 1, 1])

    assert macro_f1(targets, given) == np.mean([1, 2 / 3, 0])
    assert macro_f1(targets, given, ignored=2) == np.mean([1, 2 / 3])
