import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.normalize import normalize

PIECES = st.sampled_from(
    [
        "a",
        "Bank",
        "$5",
        " ",
        "  ",
        "\n",
        "\t",
        "\x00",
        "\u00ad",
        "\u200b",
        "\ufeff",
        "<b>",
        "</b>",
        "<p>",
        "<br/>",
        "<",
        ">",
        "&amp;",
        "&",
        "&#0;",
        "&nbsp;",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "\ufb01",
        "\uff21",
        "\U0001f600",
        "\u05d0",
        "\u202e",
        "\ud800",
        "e\u0301",
        "\u00c3\u00a9",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


@given(TEXTS)
def test_normalize_leads_every_span_back_into_the_original(text: str) -> None:
    reading = normalize(text)

    last = 0
    for position in range(len(reading.text)):
        start, end = reading.span(position, position + 1)
        assert last <= start < end <= len(text)
        last = start
    if reading.text:
        assert 0 <= reading.span(0, len(reading.text))[0] < reading.span(0, len(reading.text))[1] <= len(text)


@given(TEXTS)
def test_normalize_leaves_nothing_unseen_and_no_loose_white_space(text: str) -> None:
    read = normalize(text).text

    assert read == " ".join(read.split())
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in read)
    read.encode("utf-8")


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<&"), max_size=40))
def test_normalize_returns_tidy_text_as_it_is(text: str) -> None:
    reading = normalize(text)

    assert reading.text is text
    assert reading.maps == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\n\n lines\t", "two lines"),
        ("soft\u00adhyphen\u200b, \x00nul", "softhyphen, nul"),
        ("<p>Shares of <b>A</b>cme</p><p>fell</p>", "Shares of Acme fell"),
        ("AT&amp;T &lt;up&gt; &#39;5%&#39;&nbsp;today", "AT&T <up> '5%' today"),
        ("<!-- hidden --><div>seen<script>if (a<b) {}</script></div>", "seen"),
        ("if a <b and c> d, or 3 < 4 & 5 > 2, ask <AAPL> or <jo@ex.com>", "if a <b and c> d, or 3 < 4 & 5 > 2, ask <AAPL> or <jo@ex.com>"),
        ("see https://ex.com/?a=1&copy=2", "see https://ex.com/?a=1&copy=2"),
        ("\uff21\uff30\uff30\uff2c \ufb01ne \U0001d401\U0001d428\U0001d425\U0001d41d \u24b6", "APPL fine Bold A"),
        ("Acme\u2122 \u00bd", "Acme\u2122 \u00bd"),
        ("&#0;&#xD800;a&bogus;b", "\ufffd\ufffda&bogus;b"),
    ],
)
def test_normalize_reads_as_people_do(text: str, expected: str) -> None:
    assert normalize(text).text == expected


def test_normalize_knows_where_a_word_in_markup_stood() -> None:
    text = "<p>Shares of <b>A</b>cme &amp; Co</p>"
    reading = normalize(text)
    at = reading.text.index("Acme")

    start, end = reading.span(at, at + len("Acme & Co"))

    assert text[start:end] == "A</b>cme &amp; Co"
