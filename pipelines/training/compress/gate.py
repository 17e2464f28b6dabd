"""Hold a compressed model's figures against its original's, and say what it lost; measuring is left to `evaluation`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.training.evaluation import Evaluation
from pipelines.training.evaluation.choices import Choices

WATCHED = ("accuracy", "macro_f1", "in_scope_accuracy", "f1")
"""The figures that are told, where a task has them; `f1` is that of spans."""

LEAST_ROWS = 100
"""So many rows each label must have for macro-F1 to decide: of rarer labels, a single row moves it by more than the gate allows."""

CHANCE = 2
"""So many rows may go wrong whatever the gate says: of a few hundred they are half a point, and no rounding leaves every row alone."""

MAX_LOSS = 0.5
"""Points (hundredths) that a figure may fall before the gate shuts."""

_NOTHING = 1e-6
"""Differences of floats that are none."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One figure of a task before and after, shares of 1; `decides` says whether the gate heeds it.

    `agreement` is the share of units answered as before, where that can be told.
    """

    task: str
    figure: str
    n: int
    before: float
    after: float
    agreement: float | None
    decides: bool = True

    @property
    def points(self) -> float:
        """How many points it lost; negative where it gained."""
        return (self.before - self.after) * 100

    def to_row(self) -> dict[str, Any]:
        """Return one flat mapping, for a table or JSON."""
        row = {"task": self.task, "figure": self.figure, "n": self.n, "before": round(self.before, 4), "after": round(self.after, 4)}
        return {
            **row,
            "lost_points": round(self.points, 2),
            "same_answers": None if self.agreement is None else round(self.agreement, 4),
            "decides": self.decides,
        }


def losses_between(before: Sequence[Evaluation], after: Sequence[Evaluation]) -> list[Loss]:
    """Compare two models' evaluations of the same files, in the same order."""
    found = []
    for mine, other in zip(before, after, strict=True):
        ours, theirs = mine.figures(), other.figures()
        agreement = _agreement(mine, other)
        found += [
            Loss(mine.task, name, mine.scores.n, ours[name], theirs[name], agreement, decides=name != "macro_f1" or _is_ample(mine))
            for name in WATCHED
            if name in ours and name in theirs
        ]
    return found


def refused_by(losses: Sequence[Loss], *, max_loss: float) -> list[Loss]:
    """Return the losses that shut the gate: of figures that decide, above `max_loss` points and above CHANCE rows."""
    return [
        loss for loss in losses if loss.decides and loss.points > max_loss + _NOTHING and loss.points * loss.n > 100 * CHANCE + _NOTHING
    ]


def _is_ample(evaluation: Evaluation) -> bool:
    return min((label.n for label in evaluation.scores.by_label if label.n), default=0) >= LEAST_ROWS


def _agreement(mine: Evaluation, other: Evaluation) -> float | None:
    if not isinstance(mine.judged, Choices) or not isinstance(other.judged, Choices):
        return None
    return float(np.mean(mine.judged.given == other.judged.given)) if len(mine.judged.given) else None
