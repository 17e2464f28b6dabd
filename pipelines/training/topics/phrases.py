"""Find the words and pairs of words that set groups of texts apart, by their likelihood ratio; grouping is left to `suggest`."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.training.extras import require

_LINK = re.compile(r"(?:\bhttps?:|\bwww\.|\bt\.co/)\S*|\bhttps?\b\S*")
_NOISE = re.compile(r"^RT @\w+:?|[@#$]\w[\w.]*|\[[A-Z_]+\]")
"""Handles, tags, tickers and masks say who and where, not what about."""
_WORD = re.compile(r"[^\W\d_](?:[\w'&-]*[^\W_])?")
_FEWEST_WORDS = 3
_FEWEST = 3
"""Texts of a group that a phrase stands in, at least."""


def key_phrases(texts: Sequence[str], groups: NDArray[np.intp], *, n_groups: int, most: int = 6) -> list[list[str]]:
    """Return, for each group, up to `most` phrases that stand in far more of its texts than of the others, best first.

    By Dunning's likelihood ratio over the texts that hold a phrase, each text counted once.
    """
    vocabulary, counts = _counts(texts, groups, n_groups)
    sizes = np.bincount(groups, minlength=n_groups).astype(np.float64)
    total, n_texts = counts.sum(axis=0), sizes.sum()
    found = []
    for group in range(n_groups):
        here, size = counts[group], sizes[group]
        ratio = _likelihood_ratio(here, size, total - here, n_texts - size)
        ratio[(here < _FEWEST) | (here * n_texts <= total * size)] = 0
        order = np.argsort(-ratio, kind="stable")
        found.append(_apart((vocabulary[index] for index in order if ratio[index] > 0), most=most))
    return found


def without_links(text: str) -> str:
    """Return a text without its links, in one line."""
    return " ".join(_LINK.sub(" ", text).split())


def gist(text: str) -> str:
    """Return what a text says beside links, handles, tags and tickers: empty where there are fewer than three words."""
    said = " ".join(_NOISE.sub(" ", without_links(text)).split())
    return said if len(_WORD.findall(said)) >= _FEWEST_WORDS else ""


def _counts(texts: Sequence[str], groups: NDArray[np.intp], n_groups: int) -> tuple[list[str], NDArray[np.float64]]:
    places: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    stop = require("sklearn.feature_extraction.text", wanted_for="`topics suggest`").ENGLISH_STOP_WORDS
    for text, group in zip(texts, groups.tolist(), strict=True):
        pairs += [(group, places.setdefault(phrase, len(places))) for phrase in set(_phrases(text, stop))]
    counts = np.zeros((n_groups, len(places)), dtype=np.float64)
    if pairs:
        np.add.at(counts, tuple(np.array(pairs).T), 1)
    return list(places), counts


def _phrases(text: str, stop: frozenset[str]) -> Iterator[str]:
    words = _WORD.findall(gist(text).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    said = [None if word in stop or len(word) < 3 else word for word in words]  # noqa: PLR2004  (shorter words are seldom about anything)
    yield from (word for word in said if word)
    yield from (f"{one} {other}" for one, other in pairwise(said) if one and other)


def _likelihood_ratio(here: NDArray[np.float64], size: float, there: NDArray[np.float64], others: float) -> NDArray[np.float64]:
    both = (here + there) / max(size + others, 1)

    def log_likelihood(count: NDArray[np.float64], total: float, share: NDArray[np.float64]) -> NDArray[np.float64]:
        share = np.clip(share, 1e-12, 1 - 1e-12)
        return np.asarray(count * np.log(share) + (total - count) * np.log1p(-share))

    apart = log_likelihood(here, size, here / max(size, 1)) + log_likelihood(there, others, there / max(others, 1))
    return 2 * (apart - log_likelihood(here, size, both) - log_likelihood(there, others, both))


def _apart(phrases: Iterator[str], *, most: int) -> list[str]:
    """Take phrases that share no word with a better one."""
    taken: list[str] = []
    words: set[str] = set()
    for phrase in phrases:
        if len(taken) == most:
            break
        if words.isdisjoint(phrase.split()):
            taken.append(phrase)
            words.update(phrase.split())
    return taken
