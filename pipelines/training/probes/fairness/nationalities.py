"""Nationalities by region, and texts about one of them told of another; four a region, written by hand, small and large ones mixed."""

import re
from collections.abc import Mapping, Sequence

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.fairness.grid import NATIONALITY, Column

_PROBING = {
    "English-speaking": "American British Canadian Australian",
    "Western Europe": "French German Dutch Italian",
    "Eastern Europe": "Polish Romanian Ukrainian Russian",
    "Latin America": "Mexican Brazilian Colombian Argentine",
    "Middle East, North Africa": "Egyptian Iranian Saudi Moroccan",
    "Sub-Saharan Africa": "Nigerian Kenyan Ghanaian Ethiopian",
    "South Asia": "Indian Pakistani Bangladeshi Nepalese",
    "East Asia": "Chinese Japanese Korean Vietnamese",
}

_TEACHING = {
    "English-speaking": "Irish Scottish English Welsh",
    "Western Europe": "Spanish Belgian Swiss Swedish",
    "Eastern Europe": "Czech Hungarian Bulgarian Belarusian",
    "Latin America": "Peruvian Chilean Venezuelan Cuban",
    "Middle East, North Africa": "Iraqi Syrian Tunisian Jordanian",
    "Sub-Saharan Africa": "Ugandan Senegalese Zambian Somali",
    "South Asia": "Afghan Bhutanese Maldivian Bengali",
    "East Asia": "Thai Malaysian Indonesian Taiwanese",
}


def _columns(regions: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(Column(word, {NATIONALITY: region}) for region, words in regions.items() for word in words.split())


NATIONALITIES = _columns(_PROBING)
"""Those that the probe asks about."""

TAUGHT_NATIONALITIES = _columns(_TEACHING)
"""Others to teach with: a model that learnt the probe's own by heart would pass it for nothing."""

_ANY = "|".join(column.filler for column in (*NATIONALITIES, *TAUGHT_NATIONALITIES))
_WORDS = re.compile(rf"(?<!\bNorth )(?<!\bSouth )(?<!\bS\.)(?<!\bN\.)\b(?:([Aa][Nn]?)(\s+))?({_ANY}|{_ANY.upper()})\b")
"""Of the two Koreas, "Korean" alone would be neither."""
_NEXT = re.compile(
    r"(?i:\s+(?:rupees?|rupiah|yuan|yen|pesos?|pounds?|dollars?|rubles?|roubles?|reals?|riyals?|won|ocean|gulf|arabia)\b)|\s+[A-Z][a-z]"
)
"""Money and waters have one nationality only; a capital tells of a name, such as American Airlines."""


def the_nationality(text: str, mentions: Sequence[Span]) -> re.Match[str] | None:
    """Return the one nationality that a text names, outside the names in it; None for no or several places."""
    found = list(_WORDS.finditer(text))
    if len(found) != 1 or _NEXT.match(text, found[0].end()):
        return None
    start, end = found[0].span(3)
    inside = any((span.start <= start < span.end and span.end > end) or span.start < start < span.end for span in mentions)
    return None if inside else found[0]


def renamed(found: re.Match[str], nationality: str) -> list[Edit]:
    """Put another nationality there, the article before it too."""
    start, end = found.span(3)
    edits = [Edit(start, end, nationality.upper() if found[3].isupper() else nationality)]
    if found[1]:
        article = "an" if nationality[0] in "AEIOU" and nationality != "Ukrainian" else "a"
        edits.append(Edit(*found.span(1), article.capitalize() if found[1][0].isupper() else article))
    return edits
