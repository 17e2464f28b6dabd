"""Choose example texts that show what is new: typical of many, unlike each other and each story once; the texts come from the caller.

Words count by how much more often the stories say them than any background does: what everybody always says weighs nothing.
Examples are chosen one at a time, each that which best stands for the stories that those before it do not stand for yet
(facility location): hence typical and diverse at once. A story weighs by its copies, less than in proportion.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.stories import Story, find_stories, shingles, words_of

Floats = NDArray[np.float64]

LARGEST = 1_500
"""Stories that are weighed against each other, the largest: bounds time and memory to about a second and 20 MB."""

COPIES = 0.7
"""Power of a story's copies by which it weighs: fifty copies weigh as fifteen stories."""

FAMILIAR = 0.05
"""What a word that is nothing new weighs, against one that is: where nothing is new, examples are still typical."""

ITSELF = 0.3
"""How well a story without copies stands for itself: one that nobody else tells is no example of much."""

SECOND_HAND = 0.3
"""Sureness that a text which quotes another, or was cut off, must have ahead of one that tells the same itself."""

UNLINKED = 0.85
"""What a text weighs that leads nowhere, against one with a link: an example should let itself be followed."""

NEW_WORD, SEVERAL, OFTEN, SHORTEST = 6.0, 2, 0.1, 3
"""A word is named from this log-likelihood-ratio on, if so many stories and this share of texts say it, and it has so many characters."""

_QUOTES = re.compile(r"\W*(?:rt\s+|mt\s+|via\s+)?@\w+:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exemplar:
    """The position of a chosen text, and those of all texts that tell the same story, itself included."""

    index: int
    similar: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word or pair of words that texts say more often than the backgrounds do; shares are of texts, `before` the largest."""

    word: str
    n: int
    share: float
    before: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """The examples, best first; the words that are new, most telling first; how many stories all texts tell, and how many one of them.

    `novelty` says of every word and pair of words how much more often it is said than before, as a logarithm.
    """

    exemplars: list[Exemplar]
    words: list[NewWord]
    n_stories: int
    n_largest: int
    novelty: Mapping[str, float]


def choose(
    texts: Sequence[str], *, scores: Sequence[float], n_wanted: int, backgrounds: Sequence[Sequence[str]] = (), n_words: int = 6
) -> Chosen:
    """Choose up to `n_wanted` of `texts`; `scores` say how sure each is to be meant, a background is what is said at other times."""
    told = [shingles(words_of(text)) for text in texts]
    merits = [score - SECOND_HAND * _is_second_hand(text) for text, score in zip(texts, scores, strict=True)]
    stories = find_stories(told, merits=merits)
    largest = stories[:LARGEST]
    said = _Said.of([told[story.told_by] for story in largest], stories=largest, backgrounds=backgrounds)
    sureness = np.array([scores[story.told_by] * (1.0 if "http" in texts[story.told_by] else UNLINKED) for story in largest])
    picked = _cover(said, sureness=sureness, n_wanted=n_wanted)
    exemplars = [Exemplar(largest[one].told_by, largest[one].members) for one in picked]
    return Chosen(exemplars, said.new_words(n_words), len(stories), max(said.copies, default=0), said.novelty)


@dataclass(frozen=True, slots=True)
class _Said:
    """What stories say: their shingles, their weights by copies, and how new each shingle is."""

    texts: list[frozenset[str]]
    copies: list[int]
    now: Mapping[str, float]
    before: Mapping[str, float]
    novelty: Mapping[str, float]

    @classmethod
    def of(cls, texts: list[frozenset[str]], *, stories: Sequence[Story], backgrounds: Sequence[Sequence[str]]) -> "_Said":
        copies = [len(story.members) for story in stories]
        weights = [n**COPIES for n in copies]
        now: Counter[str] = Counter()
        for text, weight in zip(texts, weights, strict=True):
            now.update(dict.fromkeys(text, weight))
        before: dict[str, float] = {}
        for background in backgrounds:
            counts = Counter(shingle for text in background for shingle in shingles(words_of(text)) & now.keys())
            for shingle in now:
                before[shingle] = max(before.get(shingle, 0.0), (counts[shingle] + 0.5) / (len(background) + 1))
        total = sum(weights)
        novelty = {shingle: _novelty(n, of=total, before=before.get(shingle, 0.5)) for shingle, n in now.items()}
        return cls(texts, copies, now, before, novelty)

    def mean_novelty(self) -> Floats:
        """Return how new each story is; few words make less of a case."""
        return np.array([sum(self.novelty[one] for one in text) / (len(text) + 4) for text in self.texts])

    def new_words(self, n_wanted: int) -> list[NewWord]:
        """Return the words that are new in several stories, most telling first, each once alone or with its neighbour."""
        n_stories = Counter(shingle for text in self.texts for shingle in text)
        evidence = {one: _evidence(n, of=len(self.texts), before=self.before.get(one, 0.5)) for one, n in n_stories.items()}
        telling = [one for one, n in n_stories.items() if n >= SEVERAL and evidence[one] >= NEW_WORD and _is_word(one)]
        kept: list[NewWord] = []
        for one in sorted(telling, key=lambda one: (-evidence[one], one)):
            if len(kept) < n_wanted and not any(set(one.split()) & set(other.word.split()) for other in kept):
                word = self._new_word(one)
                kept += [word] if word.share >= OFTEN else []
        return kept

    def _new_word(self, word: str) -> NewWord:
        n = sum(copies for text, copies in zip(self.texts, self.copies, strict=True) if word in text)
        return NewWord(word, n, n / sum(self.copies), self.before.get(word, 0.0))


def _is_word(shingle: str) -> bool:
    """Tell whether a shingle may be named: no numbers, which identify, no tickers, which are told as entities, and no crumbs."""
    return len(shingle) >= SHORTEST and not any(character.isdigit() or character == "$" for character in shingle)


def _evidence(n: int, *, of: int, before: float) -> float:
    """Return the log-likelihood-ratio of `n` stories of `of` saying a word of chance `before`; 0 if that is no more."""
    share = n / of
    if share <= before:
        return 0.0
    rest = (of - n) * math.log((1 - share) / (1 - before)) if n < of else 0.0
    return n * math.log(share / before) + rest


def _is_second_hand(text: str) -> bool:
    return bool(_QUOTES.match(text)) or text.rstrip().endswith(("…", "..."))


def _novelty(n: float, *, of: float, before: float) -> float:
    """Return how much more often a word is said than before, as a logarithm, cautiously where few say it."""
    return max(math.log((n + 0.5) / (of + 1)) - math.log(before), 0.0) * max(n - 1, 0) / (n + 1)


def _cover(said: _Said, *, sureness: Floats, n_wanted: int) -> list[int]:
    """Return the positions of the stories that stand best for all, greedily."""
    copies = np.array(said.copies, dtype=np.float64)
    alike = _alike(said)
    np.fill_diagonal(alike, 1 - (1 - ITSELF) / np.maximum(copies, 1))
    weight = copies**COPIES * (FAMILIAR + said.mean_novelty())
    covered = np.zeros(len(copies))
    picked: list[int] = []
    while len(picked) < min(n_wanted, len(copies)):
        gain = (np.maximum(alike - covered, 0.0) @ weight) * sureness
        gain[picked] = -1.0
        picked.append(int(np.argmax(gain)))
        covered = np.maximum(covered, alike[picked[-1]])
    return picked


def _alike(said: _Said) -> Floats:
    """Return how alike each two stories are, 0 to 1: the cosine of their shingles weighed by novelty."""
    from scipy import sparse

    column = {shingle: index for index, shingle in enumerate(sorted(said.novelty))}
    cells = [(row, column[one], FAMILIAR + said.novelty[one]) for row, text in enumerate(said.texts) for one in sorted(text)]
    table = np.array(cells, dtype=np.float64).reshape(-1, 3)
    places = (table[:, 0].astype(np.int64), table[:, 1].astype(np.int64))
    matrix: Any = sparse.coo_array((table[:, 2], places), shape=(len(said.texts), len(column) + 1)).tocsr()
    product: Floats = (matrix @ matrix.T).toarray()
    length = np.sqrt(np.maximum(product.diagonal(), 1e-12))
    return np.asarray(product / np.outer(length, length), dtype=np.float64)
