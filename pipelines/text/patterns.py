"""Find what has a checkable form: tickers, money, percentages, e-mail, phone, IBAN, card. Names are left to the model.

All of it is linear in the text; a text without digits or signs costs a few searches for single characters.
"""

import re
from collections.abc import Iterable, Iterator

from pipelines.text.amounts import find_amounts
from pipelines.text.found import Found
from pipelines.text.identifiers import find_cards, find_emails, find_ibans
from pipelines.text.phones import find_phones

_DIGIT = re.compile(r"\d")
_MANY_DIGITS = re.compile(r"\d(?:\D{0,3}\d){6}")
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[.-](?:[A-Z]{1,2}|[a-b]))?)(?!\w)")
_LISTING = re.compile(r":\s?([A-Z][A-Z0-9]{0,5}(?:\.[A-Z]{1,2})?|\d{4,6})(?!\w)")
_EXCHANGE = re.compile(
    r"\b(?:NASDAQ|NYSE(?: American| Arca)?|AMEX|LSE|LON|TSXV?|ASX|HKEX|HKG|TYO|TSE|FRA|ETR|XETRA|EPA|BSE|NSE|SGX|CVE|OTC(?:QB|QX)?)\s?\Z"
)
_LONGEST_EXCHANGE = 16
"""A little more than the longest name, so that the start of its word shows."""


def find_patterns(text: str) -> list[Found]:
    """Find everything with a checkable form, in order and without overlap; IBAN before card before e-mail and so on."""
    return _first_wins([found for finder in _finders(text) for found in finder])


def find_sensitive(text: str) -> list[Found]:
    """Find only what must not be shown."""
    return _first_wins([found for finder in _sensitive_finders(text) for found in finder])


def find_tickers(text: str) -> Iterator[Found]:
    """Find `$AAPL` and the symbol of `NASDAQ: AAPL`; the normal form is the symbol in capitals."""
    for match in _CASHTAG.finditer(text):
        yield _ticker(match, match.start())
    for match in _LISTING.finditer(text):
        if _EXCHANGE.search(text[max(0, match.start() - _LONGEST_EXCHANGE) : match.start()]):
            yield _ticker(match, match.start(1))


def _ticker(match: re.Match[str], start: int) -> Found:
    return Found("TICKER", start, match.end(), match[1].upper().replace("-", "."))


def _sensitive_finders(text: str) -> Iterator[Iterable[Found]]:
    has_many_digits = bool(_MANY_DIGITS.search(text))
    if has_many_digits:
        yield from (find_ibans(text), find_cards(text))
    if "@" in text:
        yield find_emails(text)
    if has_many_digits:
        yield find_phones(text)


def _finders(text: str) -> Iterator[Iterable[Found]]:
    yield from _sensitive_finders(text)
    if _DIGIT.search(text):
        yield find_amounts(text)
    if "$" in text or ":" in text:
        yield find_tickers(text)


def _first_wins(found: list[Found]) -> list[Found]:
    """Drop what overlaps something listed before it; order by position."""
    kept: list[Found] = []
    ranked = sorted(enumerate(found), key=lambda pair: (pair[1].start, pair[0]))
    ranks: list[int] = []
    for rank, one in ranked:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
            ranks.append(rank)
        elif rank < ranks[-1]:
            kept[-1], ranks[-1] = one, rank
    return kept
