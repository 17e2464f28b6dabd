import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.stories import find_stories, shingles, words_of

WIRE = "Chipmaker cuts its forecast for the year after weak orders from carmakers, shares drop 9 percent"
TEXTS = st.lists(
    st.lists(st.sampled_from(["shares", "fall", "apple", "iphone", "weak", "sales", "rally", "bank"]), max_size=7).map(" ".join),
    max_size=20,
)


@pytest.mark.parametrize(
    "copy",
    [
        f"RT @desk: {WIRE} http://t.co/a1",
        WIRE.upper(),
        WIRE.replace("9 percent", "11 percent"),
        f"{WIRE[:70]}…",
        f"{WIRE}. The company said on Tuesday that it would close a plant in the north.",
        WIRE.replace("carmakers,", "the carmakers;"),
    ],
)
def test_find_stories_takes_copies_cuts_and_light_edits_for_one(copy: str) -> None:
    [story] = _stories([WIRE, copy])

    assert story == {0, 1}


@pytest.mark.parametrize(
    "other",
    [
        "Chipmaker raises its dividend and names a new chairman for the next three years",
        "Weak carmakers drop orders from its chipmaker, cuts shares after the forecast for year 9 percent",
        "Shares drop",
    ],
)
def test_find_stories_tells_other_news_apart_even_in_the_same_words(other: str) -> None:
    assert len(_stories([WIRE, other])) == 2


def test_find_stories_lets_the_best_text_tell_and_counts_all() -> None:
    copies = [f"RT @reader{number}: {WIRE}" for number in range(50)]
    told = [shingles(words_of(text)) for text in [*copies, "Bank opens a branch in Leeds", WIRE]]

    first, second = find_stories(told, merits=[0.5] * 51 + [0.9])

    assert (first.told_by, len(first.members)) == (51, 51)
    assert second.members == (50,)


def test_words_of_drops_links_accounts_figures_and_a_word_cut_in_half() -> None:
    assert words_of("RT @desk: $AAPL falls 2.5% to 99.10, says O&#39;Neil http://t.co/x via @wire #apple trad…") == [
        *("$aapl", "falls", "0%", "to", "0", "says", "o'neil", "#apple"),
    ]


@given(TEXTS)
def test_find_stories_puts_every_text_into_exactly_one_story(texts: list[str]) -> None:
    stories = _stories(texts)

    assert sorted(position for story in stories for position in story) == list(range(len(texts)))


@given(TEXTS, st.randoms(use_true_random=False))
def test_find_stories_finds_the_same_in_any_order(texts: list[str], chance: object) -> None:
    order = list(range(len(texts)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = _stories([texts[one] for one in order], merits=[float(one) for one in order])

    assert {frozenset(order[one] for one in story) for story in shuffled} == set(
        _stories(texts, merits=[float(one) for one in range(len(texts))])
    )


def _stories(texts: list[str], *, merits: list[float] | None = None) -> list[frozenset[int]]:
    told = [shingles(words_of(text)) for text in texts]
    return [frozenset(story.members) for story in find_stories(told, merits=merits or [0.5] * len(texts))]
