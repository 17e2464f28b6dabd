"""Find money and percentages and give each its canonical form; what counts as sensitive is left to `identifiers`."""

import re
from collections.abc import Iterator
from decimal import Decimal

from pipelines.text.found import Found

_SYMBOLS = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₪": "ILS",
    "฿": "THB", "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "RS": "INR", "RS.": "INR",
}  # fmt: skip
_NAMES = {
    "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pounds": "GBP", "yen": "JPY", "yuan": "CNY",
    "rupee": "INR", "rupees": "INR", "francs": "CHF",
}  # fmt: skip
_CODES = "USD EUR GBP JPY CHF CNY INR CAD AUD NZD HKD SGD SEK NOK DKK KRW BRL MXN ZAR RUB TRY PLN CZK HUF ILS THB AED SAR NGN PHP IDR"
_SCALES = {
    "hundred": 10**2, "k": 10**3, "thousand": 10**3, "lakh": 10**5, "lakhs": 10**5, "m": 10**6, "mn": 10**6, "mln": 10**6,
    "million": 10**6, "crore": 10**7, "crores": 10**7, "cr": 10**7, "b": 10**9, "bn": 10**9, "bln": 10**9, "billion": 10**9,
    "tn": 10**12, "trillion": 10**12,
}  # fmt: skip

# Every repetition is bounded, so that no text makes a search slow.
_NUMBER = r"\d(?:[\d.,]{0,24}\d)?"
_SCALE = r"(?:\s?(?:hundred|thousand|million|billion|trillion|crores?|lakhs?|mn|mln|bn|bln|tn|cr)|[kmb])(?![A-Za-z])"
_ANY_CODE = _CODES.replace(" ", "|")
_MONEY = re.compile(
    rf"(?P<before>(?:\b(?:US|CA?|AU?|NZ|HK|S))?\$|[€£¥₹₩₽₺₴₪฿]|\b(?:{_ANY_CODE})|\bRs\.?)\s?(?P<first>{_NUMBER})(?P<by>{_SCALE})?"
    rf"|(?<![\w.,])(?P<second>{_NUMBER})(?P<times>{_SCALE})?\s?(?P<after>[€£₹](?!\d)|(?:{_ANY_CODE}|{'|'.join(_NAMES)})\b)",
    re.IGNORECASE,
)
_PERCENT = re.compile(rf"(?<![\w.,])(?P<sign>[-+\u2212])?(?P<number>{_NUMBER})\s?(?:%|(?:percent|per cent|pct)\b)", re.IGNORECASE)


def find_money(text: str) -> Iterator[Found]:
    """Find amounts with a currency; canonical: code and plain number, as in `USD 3200000`."""
    for match in _MONEY.finditer(text):
        currency = _currency(match["before"] or match["after"])
        amount = _decimal(match["first"] or match["second"])
        if amount is not None:
            scale = _SCALES[(match["by"] or match["times"] or "").strip().lower()] if match["by"] or match["times"] else 1
            yield Found("MONEY", match.start(), match.end(), f"{currency} {_plain(amount * scale)}")


def find_percentages(text: str) -> Iterator[Found]:
    """Find percentages; canonical: `-2.5%`."""
    for match in _PERCENT.finditer(text):
        amount = _decimal(match["number"])
        if amount is not None:
            sign = "-" if match["sign"] in ("-", "\u2212") and amount else ""
            yield Found("PERCENT", match.start(), match.end(), f"{sign}{_plain(amount)}%")


def _currency(word: str) -> str:
    return _SYMBOLS.get(word.upper()) or _NAMES.get(word.lower()) or word.upper()


def _decimal(digits: str) -> Decimal | None:
    """Read a number as written in English or on the continent; None where its signs make no number."""
    comma, dot = digits.rfind(","), digits.rfind(".")
    point = max(comma, dot)
    if comma >= 0 and dot >= 0:
        if digits.count(digits[point]) > 1:
            return None
        return Decimal(f"{_bare(digits[:point])}.{digits[point + 1 :]}")
    if point < 0:
        return Decimal(digits)
    sign = digits[point]
    in_thousands = len(digits) - point == len(",000")
    if digits.count(sign) > 1 or (sign == "," and in_thousands):  # 1,234,567 or 1.234.567 or 1,234
        return Decimal(_bare(digits)) if in_thousands else None
    return Decimal(f"{digits[:point]}.{digits[point + 1 :]}")


def _bare(digits: str) -> str:
    return digits.replace(",", "").replace(".", "")


def _plain(amount: Decimal) -> str:
    written = f"{amount:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
