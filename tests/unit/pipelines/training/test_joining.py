from hypothesis import given
from hypothesis import strategies as st

from pipelines.training.data import Example, Span
from pipelines.training.joining import LINKS, REPEATS, join, join_texts, telling_apart

GOLD = Example("Gold shines.", spans=(Span(0, 4, "positive"),))
STOCKS = Example("Stocks slip", spans=(Span(0, 6, "negative"),))
BANK = Example("A bank opens", spans=(Span(2, 6, "neutral"),))


def words_of(example: Example) -> list[tuple[str, str]]:
    return [(example.text[span.start : span.end], span.label) for span in example.spans]


def test_join_moves_the_spans_of_the_second_text() -> None:
    joined = join(GOLD, STOCKS, link=" while ")

    assert joined.text == "Gold shines while Stocks slip"
    assert words_of(joined) == [("Gold", "positive"), ("Stocks", "negative")]


@given(
    st.text(alphabet="ab .;,", min_size=1, max_size=9),
    st.text(alphabet="ab .;,", min_size=1, max_size=9),
    st.sampled_from(LINKS),
    st.data(),
)
def test_join_keeps_spans_on_their_words(first: str, second: str, link: str, data: st.DataObject) -> None:
    examples = []
    for text in (first, second):
        start = data.draw(st.integers(0, len(text) - 1))
        examples.append(Example(text, spans=(Span(start, data.draw(st.integers(start + 1, len(text))), "neutral"),)))

    joined = join(*examples, link=link)

    assert set(words_of(joined)) <= {word for example in examples for word in words_of(example)}
    assert words_of(joined)[-1] == words_of(examples[1])[0]


def test_join_texts_joins_only_what_differs_and_follows_from_the_seed() -> None:
    first, again, other = (join_texts([GOLD, STOCKS, BANK], n=30, seed=seed) for seed in (1, 1, 2))

    assert len(first) == 30
    assert all(len({label for _, label in words_of(example)}) == 2 for example in first)
    assert first == again != other


def test_join_texts_of_one_sentiment_is_nothing() -> None:
    assert join_texts([GOLD, GOLD], n=5, seed=1) == []
    assert join_texts([], n=5, seed=1) == []


def test_telling_apart_repeats_the_texts_that_tell_apart_by_themselves() -> None:
    both = join(GOLD, STOCKS, link=", ")

    told = telling_apart([GOLD, STOCKS, both], seed=1)

    assert told[:3] == [GOLD, STOCKS, both]
    assert told[3 : 3 + REPEATS] == [both] * REPEATS
    assert len(told) == 3 + REPEATS + 3
