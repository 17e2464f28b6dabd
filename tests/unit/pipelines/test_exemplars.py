from hypothesis import given
from hypothesis import strategies as st

from pipelines.exemplars import choose

WORDS = st.lists(st.sampled_from(["shares", "fall", "apple", "iphone", "weak", "sales", "rally", "bank"]), max_size=6).map(" ".join)
USUAL = [f"Apple shares trade sideways as the market waits, note {word}" for word in ("one", "two", "three", "four", "five")] * 10
RECALL = [
    "Apple recalls laptops after battery fires, regulators say",
    "Battery fires force Apple into a costly recall of laptops",
    "Owners fume over burning laptops as Apple starts the recall",
    "Recall of laptops will cost Apple 900 million",
]


def test_choose_tells_a_story_once_with_its_copies() -> None:
    copies = [f"RT @desk{n}: Apple shares fall after weak iPhone sales http://t.co/{n}" for n in range(5)]
    texts = [*copies, "Bank sued over fees on dormant accounts"]

    chosen = choose(texts, scores=[0.9] * 6, n_wanted=3)

    assert [one.similar for one in chosen.exemplars] == [(0, 1, 2, 3, 4), (5,)]
    assert (chosen.n_stories, chosen.n_largest) == (2, 5)


def test_choose_prefers_what_is_new_to_what_is_always_said() -> None:
    texts = ["Apple shares trade sideways as the market waits, note six", *RECALL, "my cat dislikes mondays"]

    chosen = choose(texts, scores=[0.9] * 6, n_wanted=3, backgrounds=[USUAL])

    assert {one.index for one in chosen.exemplars} <= {1, 2, 3, 4}


def test_choose_is_diverse_where_there_are_two_subjects() -> None:
    strike = ["Strike halts trains across the north", "Trains stand still as the strike spreads", "Drivers on strike, trains cancelled"]

    chosen = choose([*RECALL, *strike], scores=[0.9] * 7, n_wanted=2, backgrounds=[USUAL])

    assert {one.index < 4 for one in chosen.exemplars} == {True, False}


def test_choose_prefers_the_sure_to_the_doubtful() -> None:
    chosen = choose(["apple falls hard today", "apple buys a small startup"], scores=[0.95, 0.4], n_wanted=1)

    assert [one.index for one in chosen.exemplars] == [0]


def test_choose_lets_a_first_hand_text_tell_the_story() -> None:
    texts = ["RT @wire: Bank sued over fees on dormant accounts", "Bank sued over fees on dormant accounts"]

    assert [one.index for one in choose(texts, scores=[0.9, 0.8], n_wanted=1).exemplars] == [1]


def test_choose_names_new_words_of_several_stories_but_neither_figures_nor_tickers() -> None:
    texts = [f"{text} $AAPL 900" for text in RECALL]

    words = choose(texts, scores=[0.9] * 4, n_wanted=3, backgrounds=[USUAL]).words

    assert {"recall", "laptops"} & {word for one in words for word in one.word.split()}
    assert not any("$" in one.word or any(character.isdigit() for character in one.word) for one in words)
    assert all(one.share > one.before for one in words)


def test_choose_names_no_word_that_one_story_alone_says() -> None:
    assert choose([RECALL[0]] * 9, scores=[0.9] * 9, n_wanted=3, backgrounds=[USUAL]).words == []


def test_choose_of_nothing_is_nothing() -> None:
    chosen = choose([], scores=[], n_wanted=5, backgrounds=[USUAL])

    assert (chosen.exemplars, chosen.words, chosen.n_stories, chosen.n_largest) == ([], [], 0, 0)


@given(st.lists(st.tuples(WORDS, st.floats(0, 1)), max_size=15), st.integers(0, 5), st.lists(WORDS, max_size=5))
def test_choose_counts_every_text_in_at_most_one_story(texts: list[tuple[str, float]], n_wanted: int, background: list[str]) -> None:
    chosen = choose([text for text, _ in texts], scores=[score for _, score in texts], n_wanted=n_wanted, backgrounds=[background])

    counted = [position for one in chosen.exemplars for position in one.similar]
    assert len(chosen.exemplars) == min(n_wanted, chosen.n_stories)
    assert len(set(counted)) == len(counted)
    assert all(one.index in one.similar for one in chosen.exemplars)
