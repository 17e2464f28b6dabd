import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.data import Span
from pipelines.training.evaluation.found_spans import FoundSpans, partial_credit

PLACES = st.tuples(st.integers(0, 20), st.integers(1, 5), st.sampled_from(["PER", "ORG"]))
SPANS = st.lists(PLACES.map(lambda place: Span(place[0], place[0] + place[1], place[2])), max_size=6, unique=True)


@given(SPANS, SPANS)
def test_partial_credit_lies_between_exact_matches_and_the_smaller_side(wanted: list[Span], given_: list[Span]) -> None:
    credit = partial_credit(wanted, given_)

    assert len(set(wanted) & set(given_)) <= credit <= min(len(wanted), len(given_))


@given(SPANS)
def test_partial_credit_is_whole_for_the_truth_itself(spans: list[Span]) -> None:
    assert partial_credit(spans, spans) == len(spans)


def test_partial_credit_asks_for_the_same_type_and_counts_no_span_twice() -> None:
    assert partial_credit([Span(0, 8, "PER")], [Span(4, 8, "ORG")]) == 0
    assert partial_credit([Span(0, 3, "PER"), Span(4, 8, "PER")], [Span(0, 8, "PER")]) == 0.5


def test_a_weight_counts_a_text_that_many_times() -> None:
    right, wrong = (Span(0, 3, "PER"),), (Span(0, 2, "PER"),)
    found = FoundSpans(("Tim", "Cook"), (right, right), (right, wrong))

    assert found.figures()["f1"] == pytest.approx(0.5)
    assert found.figures(np.array([3.0, 1.0]))["f1"] == pytest.approx(0.75)
    assert found.n_units(np.array([0.0, 2.0])) == 1
