"""Change a text in places while its spans stay on their words; what to change is left to `perturbations` and `fairness`."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from pipelines.training.data import Example, Span


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put `new` in the place of the characters `start` to `end` (exclusive); equal ends insert."""

    start: int
    end: int
    new: str


def edited(example: Example, edits: Iterable[Edit]) -> Example:
    """Apply `edits`, given in any order, and move the example's spans with the text.

    A span keeps the text that was in it, as edited; what is inserted at its border stays outside. ValueError for edits that
    overlap or cross a span's border.
    """
    ordered = sorted(edits)
    move = _Moves(ordered)
    spans = tuple(Span(*move(span.start, span.end), span.label) for span in example.spans)
    return replace(example, text=apply_to(example.text, ordered), spans=spans, untold=tuple(move(*one) for one in example.untold))


def apply_to(text: str, ordered: Sequence[Edit]) -> str:
    """Apply edits that are in order; ValueError if two overlap."""
    if any(before.end > after.start for before, after in pairwise(ordered)):
        raise ValueError("two edits overlap")
    parts, last = [], 0
    for edit in ordered:
        parts += [text[last : edit.start], edit.new]
        last = edit.end
    return "".join([*parts, text[last:]])


def clear_of_borders(example: Example, edits: Iterable[Edit]) -> list[Edit]:
    """Keep the edits, in order, that neither overlap an earlier one, cross a border of a span, nor leave a span without a word."""
    kept: list[Edit] = []
    places = [(span.start, span.end) for span in example.spans] + list(example.untold)
    borders = sorted(border for place in places for border in place)
    for edit in sorted(edits):
        apart = not kept or kept[-1].end <= edit.start
        if apart and not _within(borders, edit) and not any(_empties(example.text, edit, place) for place in places):
            kept.append(edit)
    return kept


def _within(borders: Sequence[int], edit: Edit) -> bool:
    return bisect_right(borders, edit.start) < bisect_left(borders, edit.end)


def _empties(text: str, edit: Edit, place: tuple[int, int]) -> bool:
    """Tell whether `edit` takes from a span that is no word, such as a lone @, or takes a span whole."""
    start, end = place
    if edit.start < start or edit.end > end or edit.start == edit.end:
        return False
    wordless = not any(map(str.isalnum, text[start:end]))
    return not edit.new.strip() and (wordless or (edit.start, edit.end) == place)


class _Moves:
    """Where a span of the old text stands in the new one."""

    def __init__(self, ordered: Sequence[Edit]) -> None:
        self._edits = ordered
        self._ends = [edit.end for edit in ordered]
        self._shifts = [0, *accumulate(len(edit.new) - (edit.end - edit.start) for edit in ordered)]

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        n_before = bisect_right(self._ends, start)
        n_within = bisect_right(self._ends, end)
        while n_within and self._edits[n_within - 1].start == end:  # inserted at the end: outside
            n_within -= 1
        for edit in (*self._edits[n_before : n_before + 1], *self._edits[n_within : n_within + 1]):
            if edit.start < start < edit.end or edit.start < end < edit.end:
                raise ValueError(f"the edit of {edit.start}-{edit.end} crosses a border of the span {start}-{end}")
        return start + self._shifts[n_before], end + self._shifts[n_within]
