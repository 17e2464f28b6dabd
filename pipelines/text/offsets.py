"""Rewrite a text by edits and find the way back: each new character knows its half-open span of the original.

What to edit is left to `normalize` and `redact`.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `text[start:end]`, at least one character, by `new`, which may be empty."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Where each edit lies in the new and in the old text, in order; between edits characters stand one for one."""

    new_starts: tuple[int, ...]
    new_ends: tuple[int, ...]
    old_starts: tuple[int, ...]
    old_ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of at least one new character to the old text."""
        return self._character(start)[0], self._character(end - 1)[1]

    def _character(self, position: int) -> tuple[int, int]:
        edit = bisect_right(self.new_starts, position) - 1
        if edit < 0:
            return position, position + 1
        if position < self.new_ends[edit]:
            return self.old_starts[edit], self.old_ends[edit]
        old = self.old_ends[edit] + position - self.new_ends[edit]
        return old, old + 1


@dataclass(frozen=True, slots=True)
class Readable:
    """A text to be read, and the original that it was made from."""

    original: str
    text: str
    maps: tuple[OffsetMap, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of at least one character of `text` to `original`."""
        for step in reversed(self.maps):
            start, end = step.span(start, end)
        return start, end

    def rewritten(self, edits: Iterable[Edit]) -> Self:
        """Apply edits to `text`, given in order and without overlap."""
        pieces: list[str] = []
        rows: list[tuple[int, int, int, int]] = []
        done = length = 0
        for edit in edits:
            pieces += (self.text[done : edit.start], edit.new)
            length += edit.start - done
            rows.append((length, length + len(edit.new), edit.start, edit.end))
            length += len(edit.new)
            done = edit.end
        if not rows:
            return self
        pieces.append(self.text[done:])
        return type(self)(self.original, "".join(pieces), (*self.maps, OffsetMap(*zip(*rows, strict=True))))
