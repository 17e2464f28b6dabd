from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.heads import IMPOSSIBLE, Scores, best_tags, decode_tags, softmax, spread_over_words, tag_names, towards_span

NAMES = tag_names(("PER", "ORG"))


def scores_of(*tags: str, sure: float = 0.9) -> Scores:
    """Log-probabilities that put `sure` on each tag named."""
    rest = (1 - sure) / (len(NAMES) - 1)
    return np.log(np.array([[sure if name == tag else rest for name in NAMES] for tag in tags], dtype=np.float32))


def test_tag_names_lists_outside_then_begin_and_inside_of_each_group() -> None:
    assert NAMES == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG")


def test_decode_tags_reads_neighbouring_spans_apart() -> None:
    tags = scores_of("B-PER", "I-PER", "B-PER", "O", "B-ORG")

    spans = decode_tags(tags, NAMES)

    assert [(start, end, group) for start, end, group, _ in spans] == [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "ORG")]
    assert spans[0][3] == pytest.approx(0.925, abs=1e-3)


def test_decode_tags_starts_a_span_properly_where_the_scores_do_not() -> None:
    spans = decode_tags(scores_of("I-ORG", "I-ORG", "O"), NAMES)

    assert [(start, end, group) for start, end, group, _ in spans] == [(0, 2, "ORG")]


def test_decode_tags_of_nothing_is_nothing() -> None:
    assert decode_tags(np.zeros((0, 5), dtype=np.float32), NAMES) == []


@given(st.lists(st.lists(st.floats(-20, 0), min_size=5, max_size=5), max_size=12))
def test_best_tags_never_breaks_bio(rows: list[list[float]]) -> None:
    path = best_tags(np.array(rows, dtype=np.float32).reshape(-1, 5), NAMES)

    tags = ["O", *(NAMES[index] for index in path)]
    assert len(path) == len(rows)
    assert all(before[2:] == after[2:] and before != "O" for before, after in pairwise(tags) if after.startswith("I-"))


def test_spread_over_words_lets_no_span_end_inside_a_word() -> None:
    tags = np.concatenate([scores_of("B-ORG", sure=0.8), scores_of("O", "B-PER"), scores_of("O")])

    spread = spread_over_words(tags, NAMES, word_starts=[True, False, False, True])

    assert [(start, end, group) for start, end, group, _ in decode_tags(spread, NAMES)] == [(0, 3, "ORG")]
    assert spread[1, NAMES.index("B-ORG")] == IMPOSSIBLE
    assert np.exp(spread).sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_spread_over_words_reads_a_window_that_begins_inside_a_word() -> None:
    tags = scores_of("B-PER", "O")

    spread = spread_over_words(tags, NAMES, word_starts=[False, True])

    assert np.array_equal(spread, tags)


def test_softmax_survives_large_logits() -> None:
    assert softmax(np.array([1e4, 0.0], dtype=np.float32)).tolist() == [1.0, 0.0]


def test_towards_span_averages_the_tokens_that_were_asked_about() -> None:
    nan = np.nan
    targets = np.array([[nan] * 3, [2, 0, 0], [0, 0, 2], [nan] * 3], dtype=np.float32)

    both = towards_span(targets, 1, 4)

    assert both is not None
    assert both == pytest.approx(softmax(np.array([1, 0, 1], dtype=np.float32)))
    assert towards_span(targets, 3, 4) is None
