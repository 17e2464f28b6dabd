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

_ANY_CODE = _CODES.replace(" ", "|")
_NUMBER = re.compile(r"\d(?:[\d.,]{0,24}\d)?")  # bounded, so that no text makes the search slow
_BEFORE = re.compile(rf"(?:(?:\b(?:US|CA?|AU?|NZ|HK|S))?\$|[€£¥₹₩₽₺₴₪฿]|\b(?:{_ANY_CODE})|\bRs\.?)(?=\s?\Z)", re.IGNORECASE)
_LONGEST_BEFORE = 5
_SCALE = r"(?:\s?(?:hundred|thousand|million|billion|trillion|crores?|lakhs?|mn|mln|bn|bln|tn|cr)|[kmb])(?![A-Za-z])"
_AFTER = re.compile(
    rf"(?P<percent>\s?(?:%|(?:percent|per cent|pct)\b))"
    rf"|(?P<scale>{_SCALE})?(?:\s?(?P<currency>[€£₹](?!\d)|(?:{_ANY_CODE}|{'|'.join(_NAMES)})\b))?",
    re.IGNORECASE,
)


def find_amounts(text: str) -> Iterator[Found]:
    """Find money, as in `USD 3200000`, and percentages, as in `-2.5%`: each number is looked at with what stands around it."""
    for number in _NUMBER.finditer(text):
        start, end = number.span()
        after = _AFTER.match(text, end)
        amount = _decimal(number.group())
        if after is None or amount is None or text[end : end + 1].isdecimal():
            continue
        free = not _is_part_of_word(text, start)
        if before := _BEFORE.search(text[max(0, start - _LONGEST_BEFORE) : start]):
            first = start - min(_LONGEST_BEFORE, start) + before.start()
            yield Found("MONEY", first, max(end, after.end("scale")), _money(before.group(), amount, after["scale"]))
        elif free and after["currency"]:
            yield Found("MONEY", start, after.end(), _money(after["currency"], amount, after["scale"]))
        elif free and after["percent"]:
            yield _percentage(text, start, after.end(), amount)


def _is_part_of_word(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return before.isalnum() or before in ("_", ".", ",")


def _money(currency: str, amount: Decimal, scale: str | None) -> str:
    return f"{_currency(currency)} {_plain(amount * (_SCALES[scale.strip().lower()] if scale else 1))}"


def _percentage(text: str, start: int, end: int, amount: Decimal) -> Found:
    signed = text[start - 1 : start] in ("+", "-", "\u2212") and not _is_part_of_word(text, start - 1)
    minus = signed and text[start - 1] != "+" and amount
    return Found("PERCENT", start - signed, end, f"{'-' if minus else ''}{_plain(amount)}%")


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
