"""Find the words of a text that may be changed, and the places that a person would never mistype or translate."""

import re
from collections.abc import Iterator
from random import Random

WORD = re.compile(r"(?<![\w'\u2019])[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_FIXED = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.\w+|[@#$]\w+|\{\$?[^}]*\}")
"""Addresses, handles, hashtags, cashtags, and the braces that some sources put around amounts."""


def fixed_places(text: str) -> list[tuple[int, int]]:
    """List the (start, end) of addresses, handles and hashtags."""
    return [found.span() for found in _FIXED.finditer(text)]


def words(text: str, *, least: int = 1) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of words of at least `least` letters outside the fixed places."""
    fixed = fixed_places(text)
    for found in WORD.finditer(text):
        start, end = found.span()
        if end - start >= least and not any(first < end and start < last for first, last in fixed):
            yield start, end


def matching(word: str, model: str) -> str:
    """Write `word` in the letter case of `model`."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    if model.islower():
        return word.lower()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def rng_of(text: str, *, name: str, seed: int) -> Random:
    """Return the random choices of one change of one text: the same ones in any run, whatever rows stand beside it."""
    return Random(f"{seed}/{name}/{text}")  # noqa: S311  # repeatable, not secret
