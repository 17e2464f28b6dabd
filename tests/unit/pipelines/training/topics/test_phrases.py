import numpy as np
import pytest

from pipelines.training.topics.phrases import gist, key_phrases, without_links

OIL = ["The price of crude oil rose", "Crude oil slid again", "Stocks of crude oil grew", "A cartel of crude oil"]
CARD = ["A lost card", "The lost card was blocked", "Report a lost card now", "My lost card"]


def test_key_phrases_are_what_a_group_says_and_others_do_not() -> None:
    groups = np.array([0] * 4 + [1] * 4)

    oil, card = key_phrases([*OIL, *CARD], groups, n_groups=2)

    assert oil[0] in {"crude", "oil", "crude oil"}
    assert card[0] in {"lost", "card", "lost card"}
    assert not set(" ".join(oil).split()) & set(" ".join(card).split())


def test_key_phrases_share_no_word_and_count_a_text_once() -> None:
    said = ["oil oil oil oil"] * 2 + ["card"] * 4

    assert key_phrases(said, np.array([0, 0, 1, 1, 1, 1]), n_groups=2)[0] == []


def test_key_phrases_of_texts_without_words_are_none() -> None:
    assert key_phrases(["1 2 3", "..."], np.array([0, 1]), n_groups=2) == [[], []]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("RT @wire: Oil price slides again http://t.co/Ab12 #oil", "Oil price slides again"),
        ("$AAPL $BRK.B http://t.co/Ab12", ""),
        ("call [PHONE] about the lost card", "call about the lost card"),
    ],
)
def test_gist_is_what_is_left_beside_links_and_tags(text: str, wanted: str) -> None:
    assert gist(text) == wanted


def test_without_links_keeps_tickers() -> None:
    assert without_links("$AAPL up\nhttps://t.co/x again www.a.b/c") == "$AAPL up again"
