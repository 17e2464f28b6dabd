from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.mentions import LONGEST_ENTITY, combine, judge_by, judge_nothing, mentions_of_model, mentions_of_patterns
from pipelines.records import SENTIMENTS, Label, Mention
from pipelines.text.found import Found
from pipelines.text.normalize import normalize


def mention(start: int, end: int, group: str = "ORG") -> Mention:
    return Mention(group, "x" * (end - start), start, end, 0.9, "X")


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6)), max_size=8).map(
    lambda pairs: sorted((mention(start, start + size) for start, size in pairs), key=lambda one: one.start)
)


@given(SPANS, SPANS)
def test_combine_keeps_order_without_overlap_and_never_loses_a_checked_mention_to_a_guess(
    checked: list[Mention], guessed: list[Mention]
) -> None:
    alone = combine(checked, iter(()))

    together = combine(checked, iter(guessed))

    assert all(one.end <= other.start for one, other in pairwise(together))
    assert set(alone) <= set(together)


def test_combine_drops_a_guess_that_overlaps_a_checked_mention() -> None:
    checked, guessed = [mention(5, 10, "TICKER")], [mention(0, 4), mention(3, 6), mention(8, 12), mention(10, 12)]

    assert [(one.start, one.end) for one in combine(checked, iter(guessed))] == [(0, 4), (5, 10), (10, 12)]


def test_combine_drops_what_is_too_long_for_a_name() -> None:
    names = [Mention("ORG", "x" * n, 0, n, 0.9, "x" * n) for n in (LONGEST_ENTITY, LONGEST_ENTITY + 1)]

    assert [combine((), iter([one])) for one in names] == [(names[0],), ()]
    assert [combine([one], iter(())) for one in names] == [(names[0],), ()]


def test_mentions_of_patterns_point_into_the_original() -> None:
    reading = normalize("<b>$AA</b>PL  up")

    [found] = mentions_of_patterns([Found("TICKER", 0, 5, "AAPL")], reading, places={}, judge=judge_nothing)

    assert (found.word, found.start, found.end, found.score) == ("$AA</b>PL", 3, 12, 1.0)


def test_mentions_of_model_skip_the_title_the_unsure_and_the_empty() -> None:
    reading = normalize("Tim Cook @ Apple")
    offsets = [(0, 5), (7, 10), (11, 15), (16, 17), (18, 23)]  # a title of five characters and two more stand before
    spans = [(0, 1, "ORG", 0.9), (1, 3, "PER", 0.9), (3, 4, "PER", 0.9), (4, 5, "ORG", 0.3)]

    mentions = list(mentions_of_model(spans, offsets, reading, n_before=7, judge=judge_nothing))

    assert mentions == [Mention("PER", "Tim Cook", 0, 8, 0.9, "Tim Cook")]


def test_mentions_of_model_leave_out_the_space_that_a_tokenizer_counts_to_a_word() -> None:
    [mention] = mentions_of_model([(0, 1, "PER", 0.9)], [(6, 11)], normalize("Meet a Cook"), n_before=0, judge=judge_nothing)

    assert (mention.word, mention.start) == ("Cook", 7)


def test_judge_by_means_over_the_tokens_that_were_asked() -> None:
    unasked = [np.nan] * 3
    judge = judge_by(np.array([[5, 0, 0], unasked, [0, 0, 8], [0, 0, 4], unasked], dtype=np.float32), [name.upper() for name in SENTIMENTS])

    assert judge(0, 2) == Label("negative", 0.9867)
    said = judge(1, 5)
    assert said is not None
    assert said.label == "positive"
    assert judge(4, 5) is None
    assert judge_nothing(0, 1) is None


def test_mentions_carry_what_is_said_of_their_own_tokens() -> None:
    reading = normalize("$AAPL up 5%, Tim Cook")
    ticker, percent = Found("TICKER", 0, 5, "AAPL"), Found("PERCENT", 9, 11, "5%")
    asked: list[tuple[int, int]] = []

    def judge(start: int, end: int) -> Label:
        asked.append((start, end))
        return Label("positive", 0.8)

    checked = mentions_of_patterns([ticker, percent], reading, places={ticker: (1, 2)}, judge=judge)
    guessed = list(mentions_of_model([(4, 6, "PER", 0.9), (2, 3, "MONEY", 0.9)], _OFFSETS, reading, n_before=0, judge=judge))

    assert [one.sentiment for one in (*checked, *guessed)] == [Label("positive", 0.8), None, Label("positive", 0.8), None]
    assert asked == [(1, 2), (4, 6)]


_OFFSETS = [(0, 1), (1, 5), (6, 8), (9, 11), (13, 16), (17, 21)]
