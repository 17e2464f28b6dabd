"""Give a name that the model found the normal form that its other spellings share; patterns bring their own."""

import re

_LEGAL_FORM = re.compile(
    r",?\s(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|plc|ag|gmbh|sa|s\.a|nv|n\.v|se|oyj|ab|asa|spa)\.?\Z",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['\u2019\u2018][sS]?\Z")
_EDGES = " \t\r\n.,;:!?\"'\u2018\u2019\u201c\u201d()[]{}<>@#&*_-"
_LONGEST_ACRONYM = 4
_JOINING = frozenset({"and", "at", "da", "de", "del", "der", "di", "du", "for", "in", "la", "of", "on", "the", "van", "von"})

_NOBODY = frozenset(
    [
        "a",
        "an",
        "and",
        "he",
        "her",
        "him",
        "his",
        "i",
        "it",
        "its",
        "me",
        "my",
        "of",
        "our",
        "she",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "us",
        "we",
        "which",
        "who",
        "you",
        "your",
    ]
)
"""Words that are nobody's name by themselves, whatever a model makes of them ..."""
_SOMEBODY = frozenset({"IT", "US", "WHO"})
"""... unless they are written like this."""


def normal_form(group: str, word: str) -> str:
    """Return the form that `APPLE`, `apple`, `Apple's` and (for an ORG) `Apple Inc.` share; empty where nothing is left."""
    name = " ".join(_POSSESSIVE.sub("", word.strip(_EDGES)).strip(_EDGES).split())
    if name.lower() in _NOBODY and name not in _SOMEBODY:
        return ""
    if group == "ORG":
        name = _LEGAL_FORM.sub("", name) or name
    first, *rest = name.split(" ")
    return " ".join([_cased(first), *(word.lower() if word.lower() in _JOINING else _cased(word) for word in rest)])


def _cased(word: str) -> str:
    if word.islower() or (word.isupper() and len(word) > _LONGEST_ACRONYM and word.isalpha()):
        return word[:1].upper() + word[1:].lower()
    return word
