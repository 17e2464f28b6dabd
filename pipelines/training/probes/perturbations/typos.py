"""Slips of the finger: one word in ten, and at least one a text."""

from collections.abc import Iterator, Sequence
from random import Random

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.words import words

SHARE = 0.1
LEAST_LETTERS = 4
"""Shorter words are spared: a slip makes another word of them ("not" and "now"), and that would be another text."""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _ROWS:
        for index, letter in enumerate(row):
            found[letter] = row[max(0, index - 1) : index] + row[index + 1 : index + 2]
    return found


NEIGHBOURS = _neighbours()
"""The letters to the left and right of a letter on a keyboard."""


def find(text: str, _: Sequence[Span], rng: Random) -> Iterator[Edit]:
    """Mistype some of the words: the first letter stays, as it mostly does when people slip."""
    candidates = list(words(text, least=LEAST_LETTERS))
    n_slips = min(len(candidates), max(1, round(SHARE * len(candidates))))
    for start, end in sorted(rng.sample(candidates, n_slips)):
        yield _slip(text, rng.randrange(start + 1, end - 1), rng)


def _slip(text: str, at: int, rng: Random) -> Edit:
    kind = rng.choice(("swap", "drop", "double", "neighbour"))
    letter = text[at]
    if kind == "swap" and text[at + 1] != letter:
        return Edit(at, at + 2, text[at + 1] + letter)
    if kind == "double":
        return Edit(at, at + 1, letter * 2)
    nearby = NEIGHBOURS.get(letter.lower())
    if kind == "neighbour" and nearby:
        other = rng.choice(nearby)
        return Edit(at, at + 1, other.upper() if letter.isupper() else other)
    return Edit(at, at + 1, "")


TYPOS = Perturbation("typos", "one longer word in ten mistyped", find)
