import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prototypes import (
    DESCRIPTION_WEIGHT,
    NEAREST_SHARE,
    THRESHOLD_SHARE,
    UNFITTED_THRESHOLD,
    build_prototypes,
    fitted_threshold,
    likeness,
    own_likeness,
    words_of,
)
from pipelines.taxonomy import DescribedTaxonomy, Topic

DESK = DescribedTaxonomy(
    name="desk", topics=(Topic(name="card-lost", description="X", examples=("x1", "x2")), Topic(name="y", title="Why", description="Y"))
)
X, Y, Z = np.eye(3, dtype=np.float32)


def taxonomy(sizes: list[int]) -> DescribedTaxonomy:
    return DescribedTaxonomy(
        name="any", topics=tuple(Topic(name=f"t{number}", description="d", examples=("e",) * size) for number, size in enumerate(sizes))
    )


def units(n: int, *, seed: int = 3) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_words_of_lists_each_topics_texts_with_a_spoken_name() -> None:
    assert words_of(DESK) == [["card lost: X", "x1", "x2"], ["Why: Y"]]


def test_likeness_weighs_the_description_and_the_nearest_text() -> None:
    prototypes = build_prototypes(DESK, [X, Y, Y, Z])

    [to_card, to_y] = likeness(Y, prototypes)

    assert to_card == pytest.approx((1 - NEAREST_SHARE) * 2 / np.hypot(DESCRIPTION_WEIGHT, 2) + NEAREST_SHARE)
    assert to_y == 0


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(1, 4))
def test_likeness_of_many_texts_is_that_of_each_and_never_beyond_one(sizes: list[int], n_texts: int) -> None:
    prototypes = build_prototypes(taxonomy(sizes), list(units(sum(sizes) + len(sizes))))
    texts = units(n_texts, seed=5)

    found = likeness(texts, prototypes)

    assert found.shape == (n_texts, len(sizes))
    assert np.abs(found).max() <= 1 + 1e-5
    np.testing.assert_allclose(found, [likeness(text, prototypes) for text in texts], atol=1e-6)


def test_likeness_of_a_topics_only_text_is_one() -> None:
    assert likeness(Z, build_prototypes(DESK, [X, Y, Y, Z]))[1] == pytest.approx(1)


def test_own_likeness_is_what_a_taxonomy_without_the_example_would_find() -> None:
    vectors = units(5)
    own = own_likeness(build_prototypes(taxonomy([3, 0]), list(vectors)))

    without = build_prototypes(taxonomy([2, 0]), [vectors[0], vectors[1], vectors[3], vectors[4]])

    assert own[2] == pytest.approx(likeness(vectors[2], without)[0], abs=1e-6)
    assert np.isnan(own[[0, 4]]).all()


def test_fitted_threshold_is_a_share_of_what_the_examples_have() -> None:
    prototypes = build_prototypes(taxonomy([5]), list(units(6)))

    assert fitted_threshold(prototypes) == pytest.approx(THRESHOLD_SHARE * np.nanmedian(own_likeness(prototypes)))


def test_fitted_threshold_is_a_fixed_one_where_there_are_hardly_any_examples() -> None:
    assert fitted_threshold(build_prototypes(taxonomy([2, 2]), list(units(6)))) == UNFITTED_THRESHOLD
