"""Choose example texts that are typical of many and unlike each other; which texts are in question is left to the caller."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_NOISE = re.compile(r"https?://\S*|^rt\s+@\w+:?|@\w+|[^\w$%#]+", re.IGNORECASE)

SIMILAR = 0.5
"""Share of words in common from which two texts tell the same story."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """The position of a chosen text, and how many of all texts tell the same story, itself included."""

    index: int
    n_similar: int


def choose(texts: Sequence[str], *, scores: Sequence[float], n_wanted: int) -> list[Exemplar]:
    """Return up to `n_wanted` texts, best first: sure by their score, made of words that many of the texts share, and distinct.

    Texts that differ only in links, names of accounts or a few words are one story, told by its best text. Quadratic in the
    number of stories: give it some hundreds at most.
    """
    words = [_words(text) for text in texts]
    stories: dict[int, int] = {}
    for index in _ranking(words, scores=scores):
        told = next((first for first in stories if _overlap(words[index], words[first]) >= SIMILAR), index)
        stories[told] = stories.get(told, 0) + 1
    return [Exemplar(index, n_similar) for index, n_similar in list(stories.items())[:n_wanted]]


def _words(text: str) -> frozenset[str]:
    return frozenset(_NOISE.sub(" ", text.lower()).split())


def _ranking(words: Sequence[frozenset[str]], *, scores: Sequence[float]) -> list[int]:
    """Order by score times typicality: the mean commonness of a text's words, discounted for texts of a few words."""
    shared = Counter(word for one in words for word in one)
    typical = [sum(math.log(shared[word]) for word in one) / (len(one) + 4) for one in words]
    return sorted(range(len(words)), key=lambda index: (-scores[index] * (0.2 + typical[index]), index))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0
