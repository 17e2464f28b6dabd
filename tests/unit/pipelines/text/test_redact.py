from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.normalize import normalize
from pipelines.text.patterns import find_patterns
from pipelines.text.redact import left_standing, mask, redact

SECRETS = ("4111 1111 1111 1111", "jo@example.com", "+1 650 253 0000", "GB82 WEST 1234 5698 7654 32")


@given(st.lists(st.sampled_from([*SECRETS, "and", "\n\n", "<b>x</b>", "&amp;", "profit", "$AAPL"]), max_size=12).map(" , ".join))
def test_redact_hides_every_secret_and_keeps_the_way_back(text: str) -> None:
    plain = normalize(text)

    shown = redact(plain, find_patterns(plain.text))

    assert not any(secret in shown.text for secret in SECRETS)
    for position in range(len(shown.text)):
        start, end = shown.span(position, position + 1)
        assert 0 <= start < end <= len(text)


@given(st.lists(st.sampled_from([*SECRETS, "and", "$AAPL", "up 5%", "NYSE: IBM"]), max_size=12).map(" , ".join))
def test_left_standing_tells_where_in_the_masked_text_the_rest_is(text: str) -> None:
    plain = normalize(text)
    found = find_patterns(plain.text)

    standing = list(left_standing(found))

    shown = redact(plain, found).text
    assert [one for one, _, _ in standing] == [one for one in found if one.group in {"TICKER", "PERCENT"}]
    assert all(shown[start:end] == plain.text[one.start : one.end] for one, start, end in standing)


def test_redact_leads_words_around_a_secret_back_to_where_they_stood() -> None:
    text = "Mail jo@example.com, London"
    plain = normalize(text)

    shown = redact(plain, find_patterns(plain.text))

    assert shown.text == "Mail [email], London"
    start, end = shown.span(shown.text.index("London"), len(shown.text))
    assert text[start:end] == "London"


def test_mask_keeps_the_rest_of_the_original() -> None:
    assert mask("Hi\n<b>jo@example.com</b>  or +1 650 253 0000") == "Hi\n<b>[email]</b>  or [phone]"
    assert mask("nothing $5 here") == "nothing $5 here"


def test_mask_sees_through_characters_that_hide_a_secret() -> None:
    assert mask("card 4111\u200b 1111 1111\u00ad 1111!") == "card [card]!"
