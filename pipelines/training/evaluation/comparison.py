"""Compare two models on the same rows, and say whether their difference is more than chance."""

from dataclasses import dataclass

import numpy as np

from pipelines.training.evaluation.bootstrap import N_RESAMPLES, SEED, Interval, intervals
from pipelines.training.evaluation.choices import Choices, Floats
from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.pages import figure_name
from pipelines.training.tasks import TaskKind, parse_task

MAIN = {TaskKind.SENTIMENT: "macro_f1", TaskKind.TARGETS: "macro_f1", TaskKind.TOPICS: "accuracy", TaskKind.ENTITIES: "f1"}
"""The figure that a verdict is about."""

SHOWN = ("accuracy", "macro_f1", "macro_recall", "in_scope_accuracy", "out_of_scope_recall", "f1", "partial_f1", "f1_served")
"""The figures that tables of slices and comparisons show, where the task has them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two models: `by` is the first's lead; `interval` is where that lead would lie on other rows."""

    figure: str
    mine: float
    other: float
    by: float
    interval: Interval

    @property
    def is_real(self) -> bool:
        """Whether chance alone would hardly make such a difference."""
        return not self.interval.holds_zero()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the rows of one file. Of those that just one got right, `n_mine_alone` and `n_other_alone` are whose."""

    task: str
    file: str
    mine: str
    other: str
    n_rows: int
    differences: tuple[Difference, ...]
    n_mine_alone: int | None
    n_other_alone: int | None

    @property
    def main(self) -> Difference:
        """The difference that the verdict is about."""
        wanted = MAIN[parse_task(self.task).kind]
        return next(one for one in self.differences if one.figure == wanted)

    @property
    def is_same(self) -> bool:
        """Whether no figure differs, whichever rows are drawn."""
        return all(one.by == one.interval.low == one.interval.high == 0 for one in self.differences)

    def verdict(self) -> str:
        """Say in one line which model is better, by how much, and whether that is real."""
        found = self.main
        figure, low, high = figure_name(found.figure), *(f"{100 * end:+.1f}" for end in (found.interval.low, found.interval.high))
        measured = f"in {figure}, {100 * found.by:+.1f} points (95% interval {low} to {high}, {self.n_rows:,} rows)"
        if self.is_same:
            return f"{self.task}: {self.mine} and {self.other} score the same on every resampling of these {self.n_rows:,} rows"
        if not found.is_real:
            return f"{self.task}: no real difference between {self.mine} and {self.other} {measured}; more rows could tell"
        better, worse = (self.mine, self.other) if found.by > 0 else (self.other, self.mine)
        return f"{self.task}: {better} is really better than {worse} {measured}"


def compare(mine: Evaluation, other: Evaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> Comparison:
    """Compare two evaluations of the same rows; ValueError if they are of different ones.

    The same resampled rows go to both models (a paired bootstrap), so that rows which both find hard don't count.
    """
    if mine.judged is None or other.judged is None or mine.examples != other.examples or mine.task != other.task:
        raise ValueError("two evaluations are comparable only on the same rows of the same task")
    first, second = mine.judged.meter(), other.judged.meter()

    def leads(weights: Floats | None = None) -> dict[str, float]:
        ours, theirs = first(weights), second(weights)
        return {name: ours[name] - theirs[name] for name in SHOWN if name in ours and name in theirs}

    found = intervals(leads, np.ones(mine.judged.n_rows, dtype=bool), n=n_resamples, seed=seed)
    ours, theirs = first(), second()
    differences = tuple(Difference(name, ours[name], theirs[name], by, found[name]) for name, by in leads().items() if name in found)
    alone = _alone(mine, other)
    return Comparison(mine.task, mine.file, _name(mine), _name(other), mine.judged.n_rows, differences, *alone)


def _alone(mine: Evaluation, other: Evaluation) -> tuple[int | None, int | None]:
    if not isinstance(mine.judged, Choices) or not isinstance(other.judged, Choices):
        return None, None
    ours, theirs = (one.given == one.truth for one in (mine.judged, other.judged))
    return int((ours & ~theirs).sum()), int((theirs & ~ours).sum())


def _name(evaluation: Evaluation) -> str:
    return evaluation.model.name if evaluation.model else ""
