"""Plan a training run before it starts: which rows of which task at which step, and how fast to learn there.

The whole plan follows from the seed, so a run that was cut off goes on exactly where it stood.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.batching import micro_batches
from pipelines.training.shipped import LESSONS


@dataclass(frozen=True, slots=True)
class Step:
    """The rows of one task that share a gradient step."""

    task: str
    rows: tuple[int, ...]


def plan_steps(lengths: Mapping[str, Sequence[int]], *, n_steps: int, token_budget: int, seed: int) -> list[Step]:
    """Plan `n_steps` batches of at most `token_budget` padded tokens; `lengths` are those of each task's rows.

    Tasks come by chance in proportion to their shares in `shipped`; each task's rows come in fresh random order every epoch.
    """
    tasks = sorted(lengths)
    shares = np.array([LESSONS[task].share for task in tasks])
    streams = {
        task: _epochs(lengths[task], token_budget=token_budget, rng=np.random.default_rng([seed, index]))
        for index, task in enumerate(tasks)
    }
    chosen = np.random.default_rng(seed).choice(len(tasks), size=n_steps, p=shares / shares.sum())
    return [Step(tasks[index], next(streams[tasks[index]])) for index in chosen]


def _epochs(lengths: Sequence[int], *, token_budget: int, rng: np.random.Generator) -> Iterator[tuple[int, ...]]:
    while True:
        yield from map(tuple, shuffled_batches(lengths, token_budget=token_budget, rng=rng))


def shuffled_batches(lengths: Sequence[int], *, token_budget: int, rng: np.random.Generator) -> list[list[int]]:
    """Put all rows into batches once, in random order: rows of about one length share a batch, yet not always the same rows."""
    jittered = [round(length * factor) for length, factor in zip(lengths, rng.uniform(0.9, 1.1, len(lengths)), strict=True)]
    batches = list(micro_batches(jittered, token_budget=token_budget))
    return [batches[index] for index in rng.permutation(len(batches))]


def learning_rate(step: int, *, n_steps: int, warm_up: float) -> float:
    """Return the factor on the peak learning rate: linear up over the share `warm_up` of the steps, then linear down to zero."""
    rising = max(1, round(n_steps * warm_up))
    return min((step + 1) / rising, max(0.0, (n_steps - step) / max(1, n_steps - rising)))
