import pytest

from pipelines.text.phones import find_phones


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("call +1 (650) 253-0000 now", "+1 (650) 253-0000"),
        ("650-253-0000", "650-253-0000"),
        ("(650) 253 0000,", "(650) 253 0000"),
        ("my number is 6502530000", "6502530000"),
        ("2014-01-01 020 7946 0958", "020 7946 0958"),
        ("+442079460958", "+442079460958"),
        ("tel. 030 901820", "030 901820"),
    ],
)
def test_find_phones_knows_how_numbers_are_written(text: str, word: str) -> None:
    [found] = find_phones(text)

    assert text[found.start : found.end] == word
    assert found.entity == f"***{word[-2:]}"


@pytest.mark.parametrize(
    "text",
    ["2014-01-01", "31/12/2014 10:00", "order 6502530000", "$6502530000", "1,650,253,000", "123-456-7890", "10.0.0.1234567", "20140101"],
)
def test_find_phones_leaves_dates_amounts_and_orders_alone(text: str) -> None:
    assert list(find_phones(text)) == []


def test_find_phones_tells_the_numbers_of_a_list_apart() -> None:
    assert [found.entity for found in find_phones("020 7946 0958 650-253-0000 +1 650 253 0001")] == ["***58", "***00", "***01"]


def test_find_phones_still_masks_plain_numbers_past_the_lookups() -> None:
    text = "650-253-0001 " * 1_001 + "212-253-0000"

    found = list(find_phones(text))

    assert len(found) == 1_002
