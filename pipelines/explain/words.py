"""Group a text's tokens into the words that people see, in the original text; weighing them is left to `gradients` and `occlusion`."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.reading import Reading

_WORD = re.compile(r"[$#@]?\w+(?:[^\w\s]\w+)*%?|[^\w\s]+")
"""Letters and digits, with single marks between them (don't, 3.2, year-end); other marks stand by themselves."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word: half-open character offsets into the original text, and the half-open range of its tokens."""

    start: int
    end: int
    first: int
    last: int


def words_of(reading: Reading) -> list[Word]:
    """Return the words of a document that was read without a title, in order: every token in exactly one of them.

    What was masked before the model read it, such as a telephone number, is one word.
    """
    original = reading.draft.document.text
    starts = [match.start() for match in _WORD.finditer(original)]
    groups: list[Word] = []
    home = -1
    for token, (start, end) in enumerate(_places(reading)):
        found = bisect_right(starts, start)
        if groups and (found == home or start < groups[-1].end):
            last = groups[-1]
            groups[-1] = Word(last.start, max(last.end, end), last.first, token + 1)
        else:
            groups.append(Word(start, end, token, token + 1))
        home = found
    return groups


def tokens_within(reading: Reading, start: int, end: int) -> list[int]:
    """Return which tokens stand, at least in part, between two offsets of the original text."""
    return [token for token, (left, right) in enumerate(_places(reading)) if left < end and right > start]


def _places(reading: Reading) -> Iterator[tuple[int, int]]:
    """Yield where each token stands in the original text, without the white space that some tokenizers count to it."""
    shown = reading.draft.shown
    for left, right in reading.tokens.offsets:
        piece = shown.text[left:right]
        bare = left + len(piece) - len(piece.lstrip()) if piece.strip() else left
        yield shown.span(bare, max(bare + 1, right))
