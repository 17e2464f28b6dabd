"""Draw the figures of several models together, such as those of two seeds."""

from collections.abc import Sequence
from statistics import fmean

from pipelines.training.evaluation.measuring import Evaluation


def mean_row(evaluations: Sequence[Evaluation]) -> dict[str, str | float]:
    """Return the mean of the figures that all evaluations of one file have, as a row like theirs."""
    first, *others = (one.figures() for one in evaluations)
    row: dict[str, str | float] = {"task": evaluations[0].task, "file": evaluations[0].file, "n": evaluations[0].scores.n}
    shared = [name for name in first if all(name in other for other in others)]
    row.update((name, round(fmean([first[name], *(other[name] for other in others)]), 6)) for name in shared)
    return row
