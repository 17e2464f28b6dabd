"""Collapse texts that tell the same story, copied, shortened or lightly reworded; which stories matter is left to `exemplars`."""

import html
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_QUOTED = re.compile(r"https?:\S*|\b(?:rt|via)\s+@\w+:?|@\w+")
_CUT = re.compile(r"\S*(?:…|\.\.\.)\s*$")
"""A text that was cut off at some length ends in half a word."""
_NUMBER = re.compile(r"\d[\d.,:]*")
_WORD = re.compile(r"[$#]?[^\W_]+(?:['&-][^\W_]+)*%?")
_CONTRACTED = str.maketrans("\u2019", "'")

READ_WORDS = 300
"""Words of a text that tell its story: news says first what it is about."""

SIMILAR = 0.5
"""Share of shingles in common from which two texts are one story."""

CONTAINED, LEAST_CONTAINED = 0.8, 8
"""Share of the shorter text's shingles that the longer must hold for a headline to be its story, and how many it must have."""

RAREST, COMMON = 6, 40
"""Of a text's shingles only the rarest lead to candidates, and none that so many stories share: everybody says it."""


@dataclass(frozen=True, slots=True)
class Story:
    """Texts that are one: the position of the one that tells it best, and of all, itself included, in order."""

    told_by: int
    members: tuple[int, ...]


def words_of(text: str) -> list[str]:
    """Return a text's words in lower case, numbers as 0, without links, names of accounts and a last word that was cut off."""
    plain = _QUOTED.sub(" ", _CUT.sub("", html.unescape(text).lower().translate(_CONTRACTED)))
    return _WORD.findall(_NUMBER.sub("0", plain))[:READ_WORDS]


def shingles(words: Sequence[str]) -> frozenset[str]:
    """Return the words and the pairs of neighbours, which know two texts of the same words in another order apart."""
    return frozenset((*words, *(f"{one} {other}" for one, other in pairwise(words))))


def find_stories(texts: Sequence[frozenset[str]], *, merits: Sequence[float]) -> list[Story]:
    """Group texts, given as shingles, into stories, the largest first.

    The better text by its merit leads; each other joins the leader that it is most similar to, or begins a story. Time is about linear:
    candidates come from an index of shingles. The order of texts makes no difference but between equal merits.
    """
    groups: dict[int, list[int]] = {}
    index: dict[str, list[int]] = defaultdict(list)
    same: dict[frozenset[str], int] = {}
    for position in sorted(range(len(texts)), key=lambda one: (-merits[one], one)):
        text = texts[position]
        leader = same.get(text)
        if leader is None:
            leader = same[text] = _leader(text, texts=texts, index=index, default=position)
        if leader == position:
            for shingle in text:
                index[shingle].append(position)
        groups.setdefault(leader, []).append(position)
    stories = [Story(leader, tuple(sorted(members))) for leader, members in groups.items()]
    return sorted(stories, key=lambda one: (-len(one.members), -merits[one.told_by], one.told_by))


def _leader(text: frozenset[str], *, texts: Sequence[frozenset[str]], index: Mapping[str, Sequence[int]], default: int) -> int:
    """Return the leader that a text is most similar to, or `default` where none is similar enough."""
    known = sorted((len(index[shingle]), shingle) for shingle in text if shingle in index)
    candidates = {leader for n, shingle in known[:RAREST] if n <= COMMON for leader in index[shingle]}
    likeness = {leader: _likeness(text, texts[leader]) for leader in candidates}
    return max((one for one in likeness if likeness[one] >= SIMILAR), key=lambda one: (likeness[one], -one), default=default)


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    n_shared, n_least = len(one & other), min(len(one), len(other))
    if n_least >= LEAST_CONTAINED and n_shared >= CONTAINED * n_least:
        return n_shared / n_least
    return n_shared / (len(one) + len(other) - n_shared)
