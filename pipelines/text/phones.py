"""Find phone numbers by their country's numbering plan; dates, amounts and order numbers are not phone numbers."""

import re
from collections.abc import Iterator

from pipelines.text.found import Found

_CANDIDATE = re.compile(r"(?<![\w+.,/$-])(?:\+|00)?\(?\d(?:[ ().\-/]{0,3}\d){6,14}(?!\w)")
_DATE = re.compile(r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ]\d\d?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d)(?!\d)")
_PLAIN = re.compile(r"\+\d{8,15}|\(?[2-9]\d\d\)?[ .-][2-9]\d\d[ .-]\d{4}(?!\d)")
_GROUP = re.compile(r"[+(]{0,2}\d+")
_GAP = re.compile(r"[ /]+")
_FEWEST_DIGITS = 7
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
        start = match.start()
        leads = _DATE.match(text, start) or _GROUP.match(text, start)
        position = leads.end() if leads else match.end()
        if leads and leads.re is _DATE:
            continue
        forms = list(_forms(match)) if n_lookups < _MAX_LOOKUPS else _plain_form(match)
        n_lookups += len(forms)
        number = next((form for form in forms if n_lookups > _MAX_LOOKUPS or _is_phone(form)), None)
        if number:
            position = start + len(number)
            yield Found("PHONE", start, position, f"***{''.join(filter(str.isdecimal, number))[-2:]}")


def _forms(match: re.Match[str]) -> Iterator[str]:
    """Yield what may be one number: all of it, or only its first groups, as in a list of numbers."""
    number, start = match.group(), match.start()
    if number[0] != "+" and not _SEPARATOR.search(number) and not _CUE.search(match.string[max(0, start - 40) : start]):
        return
    yield number
    for gap in reversed([gap.start() for gap in _GAP.finditer(number)]):
        if sum(map(str.isdecimal, number[:gap])) >= _FEWEST_DIGITS:
            yield number[:gap]


def _plain_form(match: re.Match[str]) -> list[str]:
    plain = _PLAIN.match(match.string, match.start())
    return [plain.group()] if plain else []


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
