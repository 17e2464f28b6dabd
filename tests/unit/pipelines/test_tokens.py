from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipelines.tokens import Shape, TextTokenizer, join_words, shape_of


@pytest.mark.parametrize(
    ("piece", "shape"),
    [
        ("bank", Shape.LOWER),
        ("Bank", Shape.TITLE),
        ("BANK", Shape.UPPER),
        ("I", Shape.UPPER),
        ("eBay", Shape.MIXED),
        ("2024", Shape.DIGIT),
        ("?", Shape.OTHER),
        ("", Shape.OTHER),
        ("中", Shape.LOWER),
        ("é", Shape.LOWER),
    ],
)
def test_shape_of_tells_the_letter_case(piece: str, shape: Shape) -> None:
    assert shape_of(piece) is shape


def test_tokenizer_never_truncates_a_long_text(tiny_tokenizer: Tokenizer) -> None:
    tokenizer = TextTokenizer(tiny_tokenizer)

    [tokens] = tokenizer(["the bank " * 5_000])

    assert len(tokens) == 10_000
    assert tokens.offsets[-1] == (44_995, 44_999)


def test_tokenizer_marks_where_words_start(tiny_tokenizer: Tokenizer) -> None:
    text = "Apple apfel"

    [tokens] = TextTokenizer(tiny_tokenizer)([text])

    assert [text[start:end] for start, end in tokens.offsets] == ["Apple", "a", "p", "f", "e", "l"]
    assert tokens.word_starts == [True, True, False, False, False, False]
    assert tokens.shapes[:2] == [Shape.TITLE, Shape.LOWER]


@given(text=st.text(max_size=60))
def test_tokenizer_offsets_lie_in_the_text_and_in_order(text: str, tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)([text])

    assert len(tokens.ids) == len(tokens.shapes) == len(tokens.offsets) == len(tokens.word_starts)
    assert all(0 <= start <= end <= len(text) for start, end in tokens.offsets)
    assert tokens.offsets == sorted(tokens.offsets)


def test_tokens_window_keeps_offsets_of_the_whole_text(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["the market falls"])

    window = tokens.window(1, 3)

    assert window.offsets == [(4, 10), (11, 16)]
    assert len(window) == 2


def test_tokenizer_names_a_missing_special_token(tiny_tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match=r"\[MASK\]"):
        TextTokenizer(tiny_tokenizer).special("[MASK]")


def test_tokens_window_takes_along_what_is_asked_within_it(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)(["the market falls in London"])

    window = replace(tokens, asked=frozenset({0, 2, 4})).window(1, 4)

    assert window.asked == {1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ask @ann_lee now", ["ask", "@", "ann_lee", "now"]),
        ("the_bank _ is late", ["the_bank", "_", "is", "late"]),
        ("a-b", ["a", "-", "b"]),
    ],
)
def test_join_words_takes_what_underscores_hold_together_for_one_word(text: str, words: list[str], tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)([text])

    joined = join_words(tokens)

    edges = [place for place, is_start in enumerate(joined.word_starts) if is_start] + [len(joined)]
    assert [text[joined.offsets[first][0] : joined.offsets[end - 1][1]] for first, end in pairwise(edges)] == words


def test_join_words_of_nothing_is_nothing(tiny_tokenizer: Tokenizer) -> None:
    [tokens] = TextTokenizer(tiny_tokenizer)([""])

    assert len(join_words(tokens)) == 0
