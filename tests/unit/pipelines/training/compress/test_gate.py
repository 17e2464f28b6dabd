from dataclasses import replace

import pytest

from pipelines.model import BellwetherModel
from pipelines.training.compress.gate import Loss, losses_between, refused_by
from pipelines.training.data import Example
from pipelines.training.evaluation import evaluate_examples
from pipelines.training.tasks import parse_task


def loss(*, before: float, after: float) -> Loss:
    return Loss("sentiment_news", "accuracy", 2_000, before, after, 0.9)


def test_losses_between_a_model_and_itself_are_none(tiny_model: BellwetherModel) -> None:
    rows = [Example("great profit", "positive"), Example("the market", "neutral")]
    found = evaluate_examples(tiny_model, parse_task("sentiment_news"), rows)

    losses = losses_between([found], [found])

    assert {one.figure for one in losses} == {"accuracy", "macro_f1"}
    assert all((one.points, one.agreement) == (0.0, 1.0) for one in losses)
    assert {one.figure for one in losses if one.decides} == {"accuracy"}  # one row a label tells nothing by macro-F1


@pytest.mark.parametrize(("after", "n_refused"), [(0.9, 0), (0.895, 0), (0.8949, 1), (0.95, 0)])
def test_refused_by_lets_half_a_point_pass_and_no_more(after: float, n_refused: int) -> None:
    assert len(refused_by([loss(before=0.9, after=after)], max_loss=0.5)) == n_refused


@pytest.mark.parametrize(("n_lost", "is_refused"), [(2, False), (3, True)])
def test_refused_by_forgives_two_rows_of_a_small_file(n_lost: int, is_refused: bool) -> None:  # noqa: FBT001  (a table of cases)
    small = Loss("topics_complaints", "accuracy", 300, 0.9, 0.9 - n_lost / 300, None)

    assert bool(refused_by([small], max_loss=0.5)) is is_refused


def test_refused_by_does_not_heed_figures_that_do_not_decide() -> None:
    told = replace(loss(before=0.9, after=0.5), decides=False)

    assert refused_by([told], max_loss=0.5) == []
