"""Find e-mail addresses, phone numbers, IBANs and card numbers, each checked by its own arithmetic; normal forms are masked.

Masking them in a text is left to `redact`.
"""

import re
from collections.abc import Iterator

from pipelines.text.found import Found

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w-])")
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
_CARD_START = re.compile(r"(?<![\d.,])[2-6](?:[ -]?\d){11}")

_COUNTRIES = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_IBAN_LENGTHS = {pair[:2]: int(pair[2:]) for pair in _COUNTRIES.split()}
_ISSUERS = (  # first digits of a card number, from and to, and the lengths that its issuer gives out
    ("4", "4", (19, 16, 13)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("3528", "3589", (16,)),
    ("6011", "6011", (16,)),
    ("644", "659", (16,)),
    ("62", "62", (19, 18, 17, 16)),
)


def find_emails(text: str) -> Iterator[Found]:
    """Find e-mail addresses; only the domain shows in the normal form."""
    for match in _EMAIL.finditer(text):
        yield Found("EMAIL", match.start(), match.end(), f"***@{match[1].lower()}")


def find_ibans(text: str) -> Iterator[Found]:
    """Find IBANs, in groups or in one piece, whose country, length and check digits are right."""
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(match.group()[:2].upper())
        if length and (taken := _take(text, match.start(), n=length)):
            end, iban = taken
            if _mod_97(iban.upper()) == 1:
                yield Found("IBAN", match.start(), end, f"{iban[:2].upper()}***{iban[-2:]}")


def find_cards(text: str) -> Iterator[Found]:
    """Find card numbers whose first digits and length an issuer gives out and whose Luhn digit is right."""
    for match in _CARD_START.finditer(text):
        head = match.group().replace(" ", "").replace("-", "")
        for length in _lengths(head):
            taken = _take(text, match.start(), n=length)
            if taken and taken[1].isdecimal() and _luhn(taken[1]):
                yield Found("CARD", match.start(), taken[0], f"***{taken[1][-4:]}")
                break


def _take(text: str, start: int, *, n: int) -> tuple[int, str] | None:
    """Take `n` letters or digits, with at most one space or hyphen between two; None if they are fewer, or go on."""
    taken: list[str] = []
    at = start
    while len(taken) < n and at < len(text):
        character = text[at]
        if character.isascii() and character.isalnum():
            taken.append(character)
        elif character not in " -" or text[at - 1] in " -":
            return None
        at += 1
    ends = len(taken) == n and not text[at : at + 1].isalnum()
    return (at, "".join(taken)) if ends else None


def _mod_97(iban: str) -> int:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97


def _lengths(head: str) -> tuple[int, ...]:
    return next((lengths for low, high, lengths in _ISSUERS if low <= head[: len(low)] <= high), ())


def _luhn(digits: str) -> bool:
    odd = sum(int(digit) for digit in digits[-1::-2])
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0
