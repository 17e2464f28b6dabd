import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from pipelines.training.evaluation.choices import UNANSWERED, Choices, confusion_of, figures_of

LABELS = ("card", "fee", "out_of_scope")


def choices(truth: list[int], given: list[int], *, rows: list[int] | None = None, labels: tuple[str, ...] = LABELS) -> Choices:
    rows = list(range(len(truth))) if rows is None else rows
    flat = np.full((len(truth), len(labels)), 1 / len(labels), dtype=np.float32)
    return Choices(
        labels, np.array(truth, dtype=np.intp), np.array(given, dtype=np.intp), flat, np.array(rows, dtype=np.intp), len(set(rows))
    )


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60))
def test_figures_are_those_that_scikit_learn_knows(pairs: list[tuple[int, int]]) -> None:
    truth, answers = map(list, zip(*pairs, strict=True))

    found = choices(truth, answers, labels=("a", "b", "c")).figures()

    there = sorted(set(truth))
    for average in ("macro", "weighted"):
        wanted = precision_recall_fscore_support(truth, answers, labels=there, average=average, zero_division=0)
        assert found[f"{average}_precision"] == pytest.approx(wanted[0])
        assert found[f"{average}_f1"] == pytest.approx(wanted[2])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(0, 3)), min_size=1, max_size=30))
def test_a_weight_counts_a_row_that_many_times(rows: list[tuple[int, int, int]]) -> None:
    truth, answers, weights = map(list, zip(*rows, strict=True))
    often = [(wanted, answer) for wanted, answer, weight in rows for _ in range(weight)]

    weighted = choices(truth, answers).figures(np.array(weights, dtype=np.float64))

    repeated = choices([wanted for wanted, _ in often], [answer for _, answer in often]).figures()
    assert weighted == pytest.approx(repeated)


def test_a_weight_counts_all_units_of_a_row() -> None:
    found = choices([0, 0, 1], [0, 1, 1], rows=[0, 0, 1])

    assert found.figures(np.array([0.0, 1.0]))["accuracy"] == 1
    assert found.n_units(np.array([1.0, 0.0])) == 2


def test_no_answer_counts_as_wrong() -> None:
    found = choices([0, 1], [0, UNANSWERED])

    assert found.figures()["accuracy"] == 0.5
    assert confusion_of(found)[1].tolist() == [0, 0, 0, 1]


def test_scope_is_told_apart_from_the_topics() -> None:
    figures = choices([0, 0, 1, 2, 2], [0, 2, 1, 2, 0]).figures()

    assert figures["in_scope_accuracy"] == pytest.approx(2 / 3)
    assert figures["out_of_scope_recall"] == pytest.approx(1 / 2)


def test_scope_is_not_told_where_the_truth_has_none() -> None:
    assert "out_of_scope_recall" not in choices([0, 1], [0, 1]).figures()


def test_figures_of_nothing_are_zero() -> None:
    assert set(figures_of(np.zeros((2, 3)), ("a", "b")).values()) == {0.0}
