from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.training.annotation.offsets import settle_span

TEXTS = st.text(alphabet="ab \n\u00e9\U0001f4c9\U0001f680.", min_size=1, max_size=40)


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, int, int]:
    """A text, and a span of it that neither starts nor ends with white space."""
    text = draw(TEXTS.map(lambda text: f"{text}a"))
    inked = [index for index, character in enumerate(text) if not character.isspace()]
    start, end = sorted((draw(st.sampled_from(inked)), draw(st.sampled_from(inked))))
    return text, start, end + 1


@given(marked())
@settings(max_examples=60, deadline=None)
def test_settle_span_keeps_offsets_that_count_characters(span: tuple[str, int, int]) -> None:
    text, start, end = span

    assert settle_span(text, start, end, marked=text[start:end]) == (start, end)


@given(marked())
@settings(max_examples=60, deadline=None)
def test_settle_span_reads_the_same_words_from_offsets_that_count_as_javascript_does(span: tuple[str, int, int]) -> None:
    text, start, end = span
    left, right = (len(text[:index].encode("utf-16-le")) // 2 for index in (start, end))

    found = settle_span(text, left, right, marked=text[start:end])

    assert found is not None
    assert text[found[0] : found[1]].split() == text[start:end].split()


def test_settle_span_takes_the_nearest_place_that_reads_the_same() -> None:
    assert settle_span("Gold up\r\n\r\nGold down", 9, 13, marked="Gold") == (11, 15)
    assert settle_span("New\nYork", 0, 8, marked="New\\nYork") == (0, 8)


def test_settle_span_drops_white_space_at_the_ends() -> None:
    assert settle_span("Gold shines", 0, 5, marked="Gold ") == (0, 4)
    assert settle_span("Gold shines", 4, 5, marked=None) is None


def test_settle_span_gives_up_where_nothing_fits() -> None:
    assert settle_span("Gold shines", 0, 6, marked="Silver") is None
    assert settle_span("Gold", 2, 9, marked=None) is None
