import pytest

from pipelines.model import Model
from pipelines.training.data import Example
from pipelines.training.evaluation.means import mean_row
from pipelines.training.evaluation.measuring import evaluate_examples
from pipelines.training.tasks import parse_task


def test_mean_row_is_the_mean_of_the_figures_that_all_have(oracle: Model) -> None:
    task = parse_task("sentiment_news")
    right = evaluate_examples(oracle, task, [Example("great", "positive")], file="a")
    half = evaluate_examples(oracle, task, [Example("great", "positive"), Example("great", "negative")], file="a")

    row = mean_row([right, half])

    assert row["accuracy"] == pytest.approx(0.75)
    assert "auc" not in row  # one label alone has no area
    assert (row["task"], row["n"]) == ("sentiment_news", 1)
