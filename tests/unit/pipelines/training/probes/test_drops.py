import numpy as np
import pytest

from pipelines.training.data import Span
from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.found_spans import FoundSpans
from pipelines.training.probes.drops import changed_answers, drops

N = 40
ALL = np.ones(N, dtype=bool)
TRUTH = np.arange(N) % 2


def choices(given: np.ndarray) -> Choices:
    return Choices(("no", "yes"), TRUTH, given.astype(np.intp), np.full((N, 2), 0.5, dtype=np.float32), np.arange(N), N)


def worsened(n: int) -> np.ndarray:
    given = TRUTH.copy()
    given[:n] = 1 - given[:n]
    return given


def test_drops_tell_what_was_lost_with_its_interval() -> None:
    found = drops(choices(TRUTH), choices(worsened(10)), rows=ALL, seed=1)["accuracy"]

    assert (found.before, found.after) == (1.0, 0.75)
    assert found.interval.low < found.drop == 0.25 < found.interval.high
    assert found.interval.low > 0.1


def test_drops_look_at_the_chosen_rows_alone() -> None:
    rows = np.arange(N) < 10

    found = drops(choices(TRUTH), choices(worsened(10)), rows=rows, seed=1)["accuracy"]

    assert (found.before, found.after, found.interval.low, found.interval.high) == (1.0, 0.0, 1.0, 1.0)


def test_drops_of_no_rows_are_none() -> None:
    assert drops(choices(TRUTH), choices(TRUTH), rows=~ALL, seed=1) == {}


def test_drops_are_the_same_for_the_same_seed() -> None:
    one, two = (drops(choices(TRUTH), choices(worsened(7)), rows=ALL, seed=5) for _ in range(2))

    assert one == two


def test_changed_answers_tells_rows_whose_label_changed() -> None:
    assert changed_answers(choices(TRUTH), choices(worsened(3))).nonzero()[0].tolist() == [0, 1, 2]


def test_changed_answers_tells_rows_whose_spans_were_found_otherwise() -> None:
    truth = ((Span(0, 4, "PER"),), (Span(0, 5, "ORG"),), ())
    texts = ("Cook", "Apple", "the")
    moved = FoundSpans(("cook!", "apple", "the"), ((Span(0, 4, "PER"),), (Span(0, 5, "ORG"),), ()), ((Span(0, 4, "PER"),), (), ()))

    assert changed_answers(FoundSpans(texts, truth, truth), moved).tolist() == [False, True, False]
    assert drops(FoundSpans(texts, truth, truth), moved, rows=np.ones(3, dtype=bool), seed=0)["recall"].drop == pytest.approx(0.5)
