from dataclasses import replace

import numpy as np
import pytest

from pipelines.records import ModelRef
from pipelines.training.data import Example
from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.comparison import compare
from pipelines.training.evaluation.label_scores import score_choices
from pipelines.training.evaluation.measuring import Evaluation

EXAMPLES = [Example(f"text {number}", "a") for number in range(200)]
TRUTH = np.arange(200) % 2


def evaluation(name: str, *, wrong: int, first: int = 0) -> Evaluation:
    """A model that errs on `wrong` rows from row `first` on."""
    given = TRUTH.copy()
    given[first : first + wrong] = 1 - given[first : first + wrong]
    choices = Choices(("a", "b"), TRUTH, given, np.eye(2, dtype=np.float32)[given], np.arange(200), 200)
    return Evaluation("topics_desk", "desk.jsonl", score_choices(choices), (), ModelRef(name, "0"), choices, EXAMPLES)


def test_compare_calls_a_large_difference_real() -> None:
    found = compare(evaluation("mine", wrong=10), evaluation("other", wrong=60))

    assert found.main.by == pytest.approx(0.25)
    assert found.main.is_real
    assert found.main.interval.low <= found.main.by <= found.main.interval.high
    assert "mine is really better than other in accuracy, +25.0 points (95% interval +" in found.verdict()
    assert (found.n_mine_alone, found.n_other_alone) == (50, 0)


def test_compare_names_the_better_one_first() -> None:
    found = compare(evaluation("mine", wrong=60), evaluation("other", wrong=10))

    assert "other is really better than mine in accuracy, -25.0 points" in found.verdict()


def test_compare_calls_a_small_difference_chance() -> None:
    found = compare(evaluation("mine", wrong=20), evaluation("other", wrong=21, first=100))

    assert not found.main.is_real
    assert "no real difference" in found.verdict()


def test_compare_pairs_the_rows() -> None:
    """Both err on the same rows but one: unpaired, twenty other mistakes on each side would drown it."""
    found = compare(evaluation("mine", wrong=20), evaluation("other", wrong=28))

    assert found.main.is_real


def test_compare_says_where_nothing_differs() -> None:
    found = compare(evaluation("mine", wrong=20), evaluation("other", wrong=20))

    assert "score the same" in found.verdict()


def test_compare_refuses_other_rows() -> None:
    other = replace(evaluation("other", wrong=1), examples=EXAMPLES[:-1])

    with pytest.raises(ValueError, match="same rows"):
        compare(evaluation("mine", wrong=1), other)
