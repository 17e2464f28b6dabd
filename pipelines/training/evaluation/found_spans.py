"""Figures of a task where spans are marked in each text: exact, by type, and partial; running a model is left to `answers`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.training.data import Span
from pipelines.training.evaluation.choices import Floats, Meter, share

PARTIAL_CREDIT = 0.5
"""What a span is worth that overlaps a wanted one of its type without being it."""


@dataclass(frozen=True, slots=True)
class FoundSpans:
    """The spans of each text: as people marked them, and as the model did, surest or not, in the order of the text.

    `confidences` says how sure the model was of each of its own; it may be empty where nobody asked.
    """

    texts: tuple[str, ...]
    truth: tuple[tuple[Span, ...], ...]
    given: tuple[tuple[Span, ...], ...]
    confidences: tuple[tuple[float, ...], ...] = ()

    @property
    def n_rows(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    def meter(self) -> Meter:
        """Return what draws the figures that slices and comparisons are about, again and again."""
        counts = self.counts()
        return lambda weights=None: figures_of(counts.sum(axis=0) if weights is None else weights @ counts)

    def figures(self, weights: Floats | None = None) -> dict[str, float]:
        """Return those figures, each text counted `weights` times."""
        return self.meter()(weights)

    def n_units(self, weights: Floats | None = None) -> int:
        """Count the spans that people marked in the texts of a weight above zero."""
        return sum(len(spans) for index, spans in enumerate(self.truth) if weights is None or weights[index] > 0)

    def counts(self) -> Floats:
        """Count for each text: exact hits, partial credit, wanted, given, and hits, wanted, given among spans with a letter or digit."""
        return np.array(
            [_count(text, wanted, given) for text, wanted, given in zip(self.texts, self.truth, self.given, strict=True)],
            dtype=np.float64,
        ).reshape(-1, 7)


def figures_of(counts: Floats) -> dict[str, float]:
    """Return precision, recall and F1 by exact match, F1 with partial credit, and F1 among spans that serving would keep."""
    hit, credit, wanted, given, wordy_hit, wordy_wanted, wordy_given = counts.tolist()
    return {
        "precision": share(hit, given),
        "recall": share(hit, wanted),
        "f1": share(2 * hit, wanted + given),
        "partial_f1": share(2 * credit, wanted + given),
        "f1_served": share(2 * wordy_hit, wordy_wanted + wordy_given),
    }


def partial_credit(wanted: Sequence[Span], given: Sequence[Span]) -> float:
    """Count 1 for every exact match, and half for each further pair of one type that overlaps; no span has a share in two."""
    exact = set(wanted) & set(given)
    left = [span for span in given if span not in exact]
    credit = float(len(exact))
    for span in wanted:
        near = None if span in exact else next((one for one in left if one.label == span.label and _overlap(one, span)), None)
        if near is not None:
            left.remove(near)
            credit += PARTIAL_CREDIT
    return credit


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _count(text: str, wanted: Sequence[Span], given: Sequence[Span]) -> tuple[float, ...]:
    plain = (len(set(wanted) & set(given)), partial_credit(wanted, given), len(wanted), len(given))
    wordy_wanted, wordy_given = ([span for span in spans if _is_wordy(text, span)] for spans in (wanted, given))
    return (*plain, len(set(wordy_wanted) & set(wordy_given)), len(wordy_wanted), len(wordy_given))


def _is_wordy(text: str, span: Span) -> bool:
    return any(map(str.isalnum, text[span.start : span.end]))
