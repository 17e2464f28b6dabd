"""Texts without punctuation, as people type them on a phone; numbers, amounts, handles and addresses keep theirs."""

import re
from collections.abc import Iterator, Sequence
from random import Random

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.words import fixed_places

_MARKS = re.compile(r"[^\w\s@#$%+&\u20ac\u00a3\u00a5\u20b9\u2190-\U0010ffff]+")
"""Neither what stands before names and amounts, nor arrows, figures and emoji."""


def find(text: str, _: Sequence[Span], __: Random) -> Iterator[Edit]:
    """Drop every mark; what stood between two words becomes a space."""
    fixed = fixed_places(text)
    for found in _MARKS.finditer(text):
        start, end = found.span()
        in_number = text[start - 1 : start].isdigit() and text[end : end + 1].isdigit()
        if in_number or any(first < end and start < last for first, last in fixed):
            continue
        # One mark at a time: where one of them is a span's border, the others still go.
        yield Edit(start, start + 1, " " if _parts_words(text, start, end) else "")
        yield from (Edit(at, at + 1, "") for at in range(start + 1, end))


def _parts_words(text: str, start: int, end: int) -> bool:
    within_word = text[start:end] in ("'", "\u2019") or (text[start:end] == "." and not text[max(0, start - 2) : start - 1].isalnum())
    return text[start - 1 : start].isalnum() and text[end : end + 1].isalnum() and not within_word


PUNCTUATION = Perturbation("punctuation", "no punctuation", find)
