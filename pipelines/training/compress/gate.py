"""Hold a compressed model's figures against its original's, and say what it lost; measuring is left to `evaluation`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.training.evaluation import Evaluation
from pipelines.training.evaluation.choices import Choices

WATCHED = ("accuracy", "macro_f1", "in_scope_accuracy", "f1")
"""The figures that decide, where a task has them; `f1` is that of spans."""

MAX_LOSS = 0.5
"""Points (hundredths) that a figure may fall before the gate shuts."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One figure of a task before and after, shares of 1; `agreement` is the share of units answered as before, where that can be told."""

    task: str
    figure: str
    n: int
    before: float
    after: float
    agreement: float | None

    @property
    def points(self) -> float:
        """How many points it lost; negative where it gained."""
        return (self.before - self.after) * 100

    def to_row(self) -> dict[str, Any]:
        """Return one flat mapping, for a table or JSON."""
        row = {"task": self.task, "figure": self.figure, "n": self.n, "before": round(self.before, 4), "after": round(self.after, 4)}
        return {**row, "lost_points": round(self.points, 2), "same_answers": None if self.agreement is None else round(self.agreement, 4)}


def losses_between(before: Sequence[Evaluation], after: Sequence[Evaluation]) -> list[Loss]:
    """Compare two models' evaluations of the same files, in the same order."""
    found = []
    for mine, other in zip(before, after, strict=True):
        ours, theirs = mine.figures(), other.figures()
        agreement = _agreement(mine, other)
        found += [
            Loss(mine.task, name, mine.scores.n, ours[name], theirs[name], agreement) for name in WATCHED if name in ours and name in theirs
        ]
    return found


def refused_by(losses: Sequence[Loss], *, max_loss: float) -> list[Loss]:
    """Return the losses above `max_loss` points: with any, the model is refused. A billionth of a point is rounding, not loss."""
    return [loss for loss in losses if loss.points > max_loss + 1e-9]


def _agreement(mine: Evaluation, other: Evaluation) -> float | None:
    if not isinstance(mine.judged, Choices) or not isinstance(other.judged, Choices):
        return None
    return float(np.mean(mine.judged.given == other.judged.given)) if len(mine.judged.given) else None
