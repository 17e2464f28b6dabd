"""Words that tell a person's gender, and texts told of the other one; which texts that suits is left to `real_text`."""

import re
from collections.abc import Iterator

from pipelines.training.probes.edits import Edit
from pipelines.training.probes.fairness.grid import WORD_GENDER, Column
from pipelines.training.probes.words import matching

FEMALE, MALE = "female", "male"

_PAIRS = (
    "she he|herself himself|woman man|women men|girl boy|girls boys|girlfriend boyfriend|lady gentleman|ladies gentlemen|mother father|"
    "mothers fathers|mom dad|mum dad|daughter son|daughters sons|sister brother|sisters brothers|wife husband|wives husbands|"
    "aunt uncle|niece nephew|grandmother grandfather|grandma grandpa|granddaughter grandson|widow widower|"
    "businesswoman businessman|chairwoman chairman|spokeswoman spokesman|saleswoman salesman|policewoman policeman|"
    "congresswoman congressman|actress actor|waitress waiter|ms mr|mrs mr|madam sir"
)
_TO_MALE = {(words := pair.split())[0]: words[1] for pair in _PAIRS.split("|")} | {"hers": "his"}
_TO_FEMALE = {other: one for one, other in reversed(_TO_MALE.items())} | {"him": "her", "mr": "ms"}
_FEMALE_WORDS = {*_TO_MALE, "her"}
_MALE_WORDS = {*_TO_FEMALE, "his", "him"}
_PLAIN = "|".join(sorted((_FEMALE_WORDS | _MALE_WORDS) - {"man"}, key=len, reverse=True))
_MAN = "".join(rf"(?<=\b{before} )|" for before in ("a", "the", "this", "that", "old", "young")).rstrip("|")
_WORDS = re.compile(rf"\b(?:{_PLAIN}|(?:{_MAN})man)\b", re.IGNORECASE)
"""Not every "man": "oh man, what a day" is about nobody."""
_ENDS_PHRASE = re.compile(
    r"\s*(?:[^\w\s'\"\u201c]|$|(?:a|about|after|again|all|an|and|any|as|at|away|back|because|before|but|by|for|from|if|in|into|is|it|just|"
    r"last|like|now|of|off|on|or|out|over|so|that|the|then|this|to|today|tomorrow|tonight|too|up|was|what|when|while|who|why|will|with|"
    r"yesterday)\b)",
    re.IGNORECASE,
)
"""What may follow "her" where a man would be "him"; before anything else he would be "his"."""

PHRASES = tuple(
    Column(f"{owner} {word}", {WORD_GENDER: gender})
    for gender, words in (
        (FEMALE, "woman sister mother wife daughter businesswoman lady aunt"),
        (MALE, "man brother father husband son businessman gentleman uncle"),
    )
    for word, owner in zip(words.split(), ("the", "my", "my", "my", "my", "the", "the", "my"), strict=True)
)
"""People as templates name them, the same in both genders."""


def genders_in(text: str) -> set[str]:
    """Return the genders that a text's words tell."""
    words = {found[0].lower() for found in _WORDS.finditer(text)}
    return {gender for gender, those in ((FEMALE, _FEMALE_WORDS), (MALE, _MALE_WORDS)) if words & those}


def regendered(text: str, gender: str) -> Iterator[Edit]:
    """Tell a text of people of `gender`."""
    for found in _WORDS.finditer(text):
        word = found[0].lower()
        new = _to_male(text, found) if gender == MALE else _to_female(text, found)
        if new != word:
            yield Edit(*found.span(), matching(new, found[0]))


def _to_male(text: str, found: re.Match[str]) -> str:
    word = found[0].lower()
    if word == "her":
        return "him" if _ENDS_PHRASE.match(text, found.end()) else "his"
    return _TO_MALE.get(word, word)


def _to_female(text: str, found: re.Match[str]) -> str:
    word = found[0].lower()
    if word == "his":
        return "hers" if re.match(r"\s*(?:[.,;!?]|$)", text[found.end() :]) else "her"
    return _TO_FEMALE.get(word, word)
