import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.training.annotation.picking import NEAR, Purpose, pick


def vectors_of(angles: list[float]) -> NDArray[np.float32]:
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], dtype=np.float32)


@given(
    rows=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 6.2)), min_size=1, max_size=60),
    n_wanted=st.integers(1, 30),
    random_share=st.floats(0, 1),
)
def test_pick_takes_each_once_and_none_near_another(rows: list[tuple[float, float]], n_wanted: int, random_share: float) -> None:
    margins, angles = zip(*rows, strict=True)
    vectors = vectors_of(list(angles))

    picks = pick(margins, vectors, n_wanted=n_wanted, random_share=random_share, seed=3)

    chosen = [one.index for one in picks]
    likeness = vectors[chosen] @ vectors[chosen].T
    assert len(set(chosen)) == len(chosen) <= n_wanted
    assert sum(one.purpose is Purpose.MEASURING for one in picks) <= round(n_wanted * random_share)
    assert (likeness - np.eye(len(chosen)) < NEAR).all()
    assert picks == pick(margins, vectors, n_wanted=n_wanted, random_share=random_share, seed=3)


def test_pick_takes_the_least_sure_first() -> None:
    picks = pick([0.9, 0.1, 0.5, 0.2], None, n_wanted=2, random_share=0, seed=1)

    assert {one.index for one in picks} == {1, 3}


def test_pick_is_at_random_where_nobody_can_tell() -> None:
    picks = pick([None] * 50, None, n_wanted=8, random_share=0.25, seed=1)

    assert sorted(one.purpose for one in picks) == [Purpose.MEASURING] * 2 + [Purpose.TEACHING] * 6
    assert sorted(one.index for one in picks) != list(range(8))


def test_pick_leaves_out_what_says_nearly_the_same() -> None:
    picks = pick([0.1, 0.11, 0.5], vectors_of([0.0, 0.1, 2.0]), n_wanted=2, random_share=0, seed=1)

    assert {one.index for one in picks} == {0, 2}
