"""Choose example texts that are typical of many and unlike each other; which texts are in question is left to the caller."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
    """Return up to `n_wanted` texts, best first: sure by their score, made of words that other stories share, and distinct.

    Texts that differ only in links, names of accounts or a few words are one story, told by its surest text. Quadratic in
    the number of stories: give it some hundreds at most.
    """
    words = [_words(text) for text in texts]
    stories: dict[int, int] = {}
    for index in sorted(range(len(texts)), key=lambda index: (-scores[index], index)):
        told = next((first for first in stories if _overlap(words[index], words[first]) >= SIMILAR), index)
        stories[told] = stories.get(told, 0) + 1
    shared = Counter(word for index in stories for word in words[index])
    best = sorted(stories, key=lambda index: (-(scores[index] ** 2) * _typicality(words[index], shared=shared), index))
    return [Exemplar(index, stories[index]) for index in best[:n_wanted]]


def _words(text: str) -> frozenset[str]:
    return frozenset(_NOISE.sub(" ", text.lower()).split())


def _typicality(words: frozenset[str], *, shared: Mapping[str, int]) -> float:
    """Return how common a text's words are among the stories; few words make less of a case."""
    return 0.2 + sum(math.log(shared[word]) for word in words) / (len(words) + 4)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0
