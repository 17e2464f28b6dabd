import pytest

from pipelines.text.amounts import find_amounts


@pytest.mark.parametrize(
    ("text", "word", "entity"),
    [
        ("paid $5.", "$5", "USD 5"),
        ("a {$2300.00} fee", "$2300.00", "USD 2300"),
        ("worth US$3.2bn now", "US$3.2bn", "USD 3200000000"),
        ("$1,234.56", "$1,234.56", "USD 1234.56"),
        ("\u20ac1.234,50", "\u20ac1.234,50", "EUR 1234.5"),
        ("5 million dollars", "5 million dollars", "USD 5000000"),
        ("Rs 500 crore", "Rs 500 crore", "INR 5000000000"),
        ("Rs. 1,50,000", "Rs. 1,50,000", "INR 150000"),
        ("\u00a310k a year", "\u00a310k", "GBP 10000"),
        ("12,5\u20ac gone", "12,5\u20ac", "EUR 12.5"),
        ("USD 20 or so", "USD 20", "USD 20"),
        ("20 chf", "20 chf", "CHF 20"),
        ("HK$7", "HK$7", "HKD 7"),
    ],
)
def test_find_amounts_gives_amount_and_currency_one_form(text: str, word: str, entity: str) -> None:
    [found] = find_amounts(text)

    assert (text[found.start : found.end], found.entity) == (word, entity)


@pytest.mark.parametrize("text", ["5 kids", "room 101", "$AAPL", "version 1.2.3", "$", "10 poundsworth", "a5 usdx"])
def test_find_amounts_wants_an_amount_and_a_currency(text: str) -> None:
    assert list(find_amounts(text)) == []


@pytest.mark.parametrize(
    ("text", "word", "entity"),
    [
        ("up 5%", "5%", "5%"),
        ("fell -2.50 %!", "-2.50 %", "-2.5%"),
        ("+12 percent", "+12 percent", "12%"),
        ("a \u22123,5 per cent drop", "\u22123,5 per cent", "-3.5%"),
        ("5-10% range", "10%", "10%"),
    ],
)
def test_find_amounts_gives_percentages_one_form(text: str, word: str, entity: str) -> None:
    [found] = find_amounts(text)

    assert (text[found.start : found.end], found.entity) == (word, entity)


def test_find_amounts_ignores_percentage_points_and_bare_numbers() -> None:
    assert list(find_amounts("5 percentage points, 7")) == []
