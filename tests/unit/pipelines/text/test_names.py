import pytest

from pipelines.text.names import normal_form


@pytest.mark.parametrize(
    ("group", "word", "expected"),
    [
        ("ORG", "APPLE", "Apple"),
        ("ORG", "apple", "Apple"),
        ("ORG", "Apple's", "Apple"),
        ("ORG", "Apple Inc.", "Apple"),
        ("ORG", "IBM", "IBM"),
        ("ORG", "eBay", "eBay"),
        ("ORG", "Co", "Co"),
        ("ORG", "bank of america corp.", "Bank of America"),
        ("PER", " @TimCook ", "TimCook"),
        ("PER", "Tim\n Cook", "Tim Cook"),
        ("LOC", "new york", "New York"),
        ("PER", "@", ""),
        ("ORG", "The", ""),
        ("PER", "they", ""),
        ("LOC", "US", "US"),
        ("ORG", "The Who", "The Who"),
        ("PER", "", ""),
    ],
)
def test_normal_form_is_shared_by_the_spellings_of_a_name(group: str, word: str, expected: str) -> None:
    assert normal_form(group, word) == expected
