from hypothesis import given
from hypothesis import strategies as st

from pipelines.exemplars import choose

WORDS = st.lists(st.sampled_from(["shares", "fall", "apple", "iphone", "weak", "sales", "rally", "bank"]), max_size=6).map(" ".join)


def test_choose_tells_a_story_once_with_its_count() -> None:
    copies = [f"RT @desk{n}: Apple shares fall after weak iPhone sales http://t.co/{n}" for n in range(5)]
    texts = [*copies, "Bank sued over fees on dormant accounts"]

    chosen = choose(texts, scores=[0.9] * 6, n_wanted=3)

    assert sorted((one.index, one.n_similar) for one in chosen) == [(0, 5), (5, 1)]


def test_choose_prefers_the_typical_to_the_odd_one() -> None:
    texts = [
        "apple shares fall after earnings",
        "apple iphone sales fall short of estimates",
        "shares of apple sink on weak iphone sales",
        "my cat dislikes mondays",
    ]

    chosen = choose(texts, scores=[0.9] * 4, n_wanted=3)

    assert 3 not in [one.index for one in chosen]


def test_choose_prefers_the_sure_to_the_doubtful() -> None:
    chosen = choose(["apple falls hard today", "apple buys a small startup"], scores=[0.95, 0.4], n_wanted=1)

    assert [one.index for one in chosen] == [0]


@given(st.lists(st.tuples(WORDS, st.floats(0, 1)), max_size=15), st.integers(0, 5))
def test_choose_counts_every_text_in_at_most_one_story(texts: list[tuple[str, float]], n_wanted: int) -> None:
    chosen = choose([text for text, _ in texts], scores=[score for _, score in texts], n_wanted=n_wanted)

    assert len(chosen) <= n_wanted
    assert len({one.index for one in chosen}) == len(chosen)
    assert sum(one.n_similar for one in chosen) <= len(texts)
