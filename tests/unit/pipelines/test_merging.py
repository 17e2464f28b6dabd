import numpy as np
import pytest

from pipelines.heads import softmax
from pipelines.merging import merge_embeddings, merge_logits

ONE = np.array([2.0, 0.0, -1.0], dtype=np.float32)
OTHER = np.array([-1.0, 0.5, 1.0], dtype=np.float32)


def test_merge_logits_of_one_window_is_its_softmax() -> None:
    assert merge_logits([ONE], [7]) == pytest.approx(softmax(ONE))


def test_merge_logits_weighs_windows_by_their_tokens() -> None:
    twice = merge_logits([ONE, ONE, OTHER], [10, 10, 10])

    weighed = merge_logits([ONE, OTHER], [20, 10])

    assert weighed == pytest.approx(twice, abs=1e-6)
    assert weighed.sum() == pytest.approx(1)


def test_merge_logits_stays_finite_for_extreme_logits() -> None:
    merged = merge_logits([np.array([1e4, -1e4], dtype=np.float32), np.array([1e4, 0], dtype=np.float32)], [1, 1])

    assert merged.tolist() == pytest.approx([1, 0])


def test_merge_embeddings_returns_a_unit_vector_nearest_the_longest_window() -> None:
    merged = merge_embeddings([np.eye(2, dtype=np.float32)[0], np.eye(2, dtype=np.float32)[1]], [30, 10])

    assert np.linalg.norm(merged) == pytest.approx(1)
    assert merged[0] == pytest.approx(3 * merged[1])
