"""Find phone numbers by their country's numbering plan; dates, amounts and order numbers are not phone numbers."""

import re
from collections.abc import Iterator

from pipelines.text.found import Found

_CANDIDATE = re.compile(r"(?<![\w+.,/$-])(?:\+|00)?\(?\d(?:[ ().\-/]{0,3}\d){6,14}(?!\w)")
_DATE = re.compile(r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ]\d\d?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d)(?!\d)")
_PLAIN = re.compile(r"\+\d{8,15}|\(?[2-9]\d\d\)?[ .-][2-9]\d\d[ .-]\d{4}")
_SEPARATOR = re.compile(r"[ ().\-/]")
_CUE = re.compile(r"(?:phone|mobile|cell|tel|call|text|fax|whatsapp|number)\b[^\d\n]{0,20}\Z", re.IGNORECASE)
_NATIONAL = ("GB", "DE", "FR", "IT", "ES", "NL", "AU", "IN")
"""Where a number that starts with 0 may come from."""

_MAX_LOOKUPS = 1_000
"""Asking a numbering plan costs some 50 us: past so many in one text, only the plainest forms are believed, unasked."""


def find_phones(text: str) -> Iterator[Found]:
    """Find phone numbers: international ones, and national ones that are written as such or stand behind a word like `call`."""
    n_lookups = position = 0
    while match := _CANDIDATE.search(text, position):
        position = match.end()
        if date := _DATE.match(match.group()):
            position = match.start() + date.end()
        elif _is_written_as_phone(match):
            n_lookups += 1
            if _is_phone(match.group()) if n_lookups <= _MAX_LOOKUPS else _PLAIN.fullmatch(match.group()):
                yield Found("PHONE", *match.span(), f"***{''.join(filter(str.isdecimal, match.group()))[-2:]}")


def _is_written_as_phone(match: re.Match[str]) -> bool:
    number, start = match.group(), match.start()
    return number[0] == "+" or bool(_SEPARATOR.search(number) or _CUE.search(match.string[max(0, start - 40) : start]))


def _is_phone(number: str) -> bool:
    return any(_is_valid(number, region) for region in _regions(number))


def _regions(number: str) -> tuple[str | None, ...]:
    if number[0] == "+":
        return (None,)
    return _NATIONAL if number.lstrip("(")[0] == "0" else ("US",)


def _is_valid(number: str, region: str | None) -> bool:
    import phonenumbers  # its tables take a quarter of a second

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(number, region)))
    except phonenumbers.NumberParseException:
        return False
