from hypothesis import given
from hypothesis import strategies as st

from pipelines.batching import micro_batches


@given(st.lists(st.integers(1, 600), max_size=80), st.integers(64, 2048))
def test_micro_batches_hold_every_window_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(micro_batches(lengths, token_budget=budget))

    assert sorted(index for one in batches for index in one) == list(range(len(lengths)))
    assert all(len(one) == 1 or max(lengths[i] for i in one) * len(one) <= budget for one in batches)


def test_micro_batches_put_windows_of_like_length_together() -> None:
    assert list(micro_batches([9, 1, 10, 2], token_budget=20)) == [[1, 3], [0, 2]]
