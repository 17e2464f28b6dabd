import pytest

from pipelines.text.identifiers import find_cards, find_emails, find_ibans


@pytest.mark.parametrize(
    ("text", "word", "entity"),
    [
        ("IBAN GB82 WEST 1234 5698 7654 32 AND so on", "GB82 WEST 1234 5698 7654 32", "GB***32"),
        ("to de89370400440532013000.", "de89370400440532013000", "DE***00"),
        ("NL91-ABNA-0417-1643-00", "NL91-ABNA-0417-1643-00", "NL***00"),
    ],
)
def test_find_ibans_checks_country_length_and_digits(text: str, word: str, entity: str) -> None:
    [found] = find_ibans(text)

    assert (text[found.start : found.end], found.entity) == (word, entity)


@pytest.mark.parametrize(
    "text", ["GB83 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654", "ZZ82 WEST 1234 5698 7654 32", "GB82WEST123456987654321"]
)
def test_find_ibans_refuses_what_fails_a_check(text: str) -> None:
    assert list(find_ibans(text)) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("card 4111 1111 1111 1111 2025", "4111 1111 1111 1111"),
        ("4111-1111-1111-1111", "4111-1111-1111-1111"),
        ("amex 378282246310005.", "378282246310005"),
        ("mc 5555555555554444", "5555555555554444"),
        ("2223003122003222", "2223003122003222"),
        ("6011111111111117", "6011111111111117"),
        ("30569309025904", "30569309025904"),
    ],
)
def test_find_cards_checks_issuer_length_and_luhn(text: str, word: str) -> None:
    [found] = find_cards(text)

    assert text[found.start : found.end] == word
    assert found.entity == f"***{word[-4:]}"


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "41111111111111111", "1111111111111117", "0.4111111111111111", "4111  1111  1111  1111"]
)
def test_find_cards_refuses_what_fails_a_check(text: str) -> None:
    assert list(find_cards(text)) == []


def test_find_emails_shows_only_the_domain() -> None:
    text = "Write to Jane.O+news@Mail.Example.co.uk, or not: a@b, @user, x@y.z1"

    [found] = find_emails(text)

    assert text[found.start : found.end] == "Jane.O+news@Mail.Example.co.uk"
    assert found.entity == "***@mail.example.co.uk"
