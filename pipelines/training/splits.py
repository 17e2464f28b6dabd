"""Set rows aside that training never sees, the same ones every time; what they are for is left to the caller."""

import hashlib
import re
from collections.abc import Sequence

from pipelines.training.data import Example

_APART = re.compile(r"\W+")


def held_out(examples: Sequence[Example], *, share: float) -> tuple[list[Example], list[Example]]:
    """Split into rows that are kept and, about `share` of all, rows that are held out.

    A hash of the letters and digits of a text decides: copies of a text never stand on both sides, and rows that come later
    move no earlier one.
    """
    kept: list[Example] = []
    held: list[Example] = []
    for example in examples:
        (held if place_of(example.text) < share else kept).append(example)
    return kept, held


def place_of(text: str) -> float:
    """Return a number of [0, 1) that depends on nothing but the letters and digits of a text."""
    plain = _APART.sub(" ", text.lower()).strip()
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:6], "big") / 2**48
