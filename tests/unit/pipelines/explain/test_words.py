from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from pipelines.explain.words import tokens_within, words_of
from pipelines.reading import Reading, read_documents
from pipelines.records import Document, Kind
from pipelines.tokens import TextTokenizer

Read = Callable[[str], Reading]


@pytest.fixture(scope="module")
def read(tiny_tokenizer: Tokenizer) -> Read:
    model = _Tokenizing(TextTokenizer(tiny_tokenizer))

    def reading(text: str) -> Reading:
        [found] = read_documents([Document(1, Kind.NEWS, text, "desk")], model=model, overlap=8)  # type: ignore[arg-type]
        assert isinstance(found, Reading)
        return found

    return reading


class _Tokenizing:
    """The part of a model that reads."""

    window_tokens = 30
    labels: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self.tokenize = tokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't sell, hold.", ["Don't", "sell", ",", "hold", "."]),
        ("up 3.2% for $AAPL", ["up", "3.2%", "for", "$AAPL"]),
        ("AT&amp;T   fell", ["AT&amp;T", "fell"]),
        ("call +1 650 253 0000 now", ["call", "+1 650 253 0000", "now"]),
    ],
)
def test_words_of_are_those_that_people_see(read: Read, text: str, words: list[str]) -> None:
    assert [text[word.start : word.end] for word in words_of(read(text))] == words


@given(text=st.text(alphabet="aB3 .,'-%$@&&;\u00e9\ufb01\u200b\n", min_size=1, max_size=60))
def test_words_of_hold_every_token_once_and_stand_apart(read: Read, text: str) -> None:
    assume(any(map(str.isalnum, text)))
    reading = read(text)

    words = words_of(reading)

    assert [token for word in words for token in range(word.first, word.last)] == list(range(len(reading.tokens)))
    assert all(one.end <= other.start or one.start == other.start for one, other in pairwise(words))
    assert all(0 <= word.start < word.end <= len(text) for word in words)


def test_tokens_within_finds_the_tokens_of_a_place_in_the_original(read: Read) -> None:
    reading = read("  AT&amp;T   fell in London")

    found = tokens_within(reading, 21, 27)

    assert [reading.draft.document.text[21:27], len(found) > 0] == ["London", True]
    assert {reading.tokens.offsets[token] for token in found} == {(reading.draft.shown.text.index("London"), len(reading.draft.shown.text))}
