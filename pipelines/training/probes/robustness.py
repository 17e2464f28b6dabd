"""Measure how much a model loses when its texts are written otherwise; the ways are in `perturbations`, the page in `robustness_page`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from pipelines.model import Model
from pipelines.training.data import BadRowError, Example, Span, read_examples
from pipelines.training.evaluation.answers import answer, spans_of
from pipelines.training.evaluation.comparison import MAIN
from pipelines.training.evaluation.measuring import Evaluation, Judged, evaluate_examples, head_for
from pipelines.training.probes.drops import Drop, changed_answers, drops
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.perturbations.swaps import SWAPS
from pipelines.training.tasks import ENTITIES, Task, TaskKind


@dataclass(frozen=True, slots=True)
class Trial:
    """One task under one perturbation: figures of the `n_changed` rows that it changed, and how many of their answers changed.

    `example` is the first changed text and what became of it.
    """

    task: str
    file: str
    perturbation: str
    about: str
    main: str
    n_rows: int
    n_changed: int
    n_flipped: int
    drops: Mapping[str, Drop]
    example: tuple[str, str] | None

    @property
    def flipped(self) -> float | None:
        """The share of changed rows whose answer changed."""
        return self.n_flipped / self.n_changed if self.n_changed else None

    def to_row(self) -> dict[str, Any]:
        """Return the main figure as one flat mapping; None where no row was changed."""
        found = self.drops.get(self.main)
        names = ("task", "file", "perturbation", "n_rows", "n_changed", "main")
        row = {name: getattr(self, name) for name in names} | {"flipped": self.flipped}
        return row | (_flat(found) if found else dict.fromkeys(("before", "after", "drop", "low", "high")))

    def to_json(self) -> dict[str, Any]:
        """Return every figure; no text of a row."""
        return self.to_row() | {"about": self.about, "figures": {name: _flat(one) for name, one in self.drops.items()}}


def _flat(found: Drop) -> dict[str, float]:
    return {"before": found.before, "after": found.after, "drop": found.drop, "low": found.interval.low, "high": found.interval.high}


@dataclass(frozen=True, slots=True)
class Robustness:
    """All trials of one model, and the figures of the rows as they stood."""

    model: str
    revision: str
    seed: int
    untouched: tuple[Evaluation, ...]
    trials: tuple[Trial, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything but the texts."""
        plain = [{"task": one.task, "file": one.file, "n": one.scores.n, **one.figures()} for one in self.untouched]
        return {
            "model": self.model,
            "revision": self.revision,
            "seed": self.seed,
            "untouched": plain,
            "trials": [one.to_json() for one in self.trials],
        }


def probe_robustness(
    model: Model,
    files: Sequence[tuple[Path, Task]],
    *,
    perturbations: Sequence[Perturbation],
    n_rows: int,
    seed: int = 0,
    tell: Callable[[str, int, int], None] | None = None,
) -> Robustness:
    """Measure `model` on at most `n_rows` rows of each file, drawn by `seed`, as they stand and under each perturbation.

    `tell` hears what is being done, and how many passes over rows are done and planned. NoHeadError if the model lacks a head.
    """
    for _, task in files:
        head_for(model, task)  # before any work
    fitting = [[one for one in perturbations if task.kind in one.kinds] for _, task in files]
    steps = _Steps(sum(1 + len(those) for those in fitting), tell)
    untouched: list[Evaluation] = []
    trials: list[Trial] = []
    for (path, task), those in zip(files, fitting, strict=True):
        examples = drawn(read_examples(path, task), n=n_rows, seed=seed, path=path)
        steps.tell(task.name)
        before = evaluate_examples(model, task, examples, file=path.name)
        mentions = mentions_in(model, task, examples) if SWAPS in those else [()] * len(examples)
        untouched.append(before)
        for perturbation in those:
            steps.tell(f"{task.name}: {perturbation.name}")
            trials.append(_try(model, task, before, mentions, perturbation=perturbation, seed=seed))
    return Robustness(model.ref.name, model.ref.revision, seed, tuple(untouched), tuple(trials))


class _Steps:
    def __init__(self, n: int, tell: Callable[[str, int, int], None] | None) -> None:
        self._n, self._done, self._tell = n, 0, tell

    def tell(self, what: str) -> None:
        if self._tell:
            self._tell(what, self._done, self._n)
        self._done += 1


def drawn(examples: Sequence[Example], *, n: int, seed: int, path: Path) -> list[Example]:
    """Draw at most `n` examples, in their order; BadRowError for a file without any."""
    if not examples:
        raise BadRowError(f"{path.name} holds no row: give a file with labelled rows")
    places = sorted(Random(seed).sample(range(len(examples)), min(n, len(examples))))  # noqa: S311  # repeatable, not secret
    return [examples[at] for at in places]


def mentions_in(model: Model, task: Task, examples: Sequence[Example]) -> list[Sequence[Span]]:
    """Return the mentions of each text: those that people marked or, where the task is another, those that the model finds."""
    if task.kind is TaskKind.ENTITIES:
        return [example.spans for example in examples]
    if ENTITIES not in model.labels:
        return [()] * len(examples)
    return [spans_of(found, model.labels[ENTITIES]) for found in answer(model, examples)]


def _try(
    model: Model, task: Task, before: Evaluation, mentions: Sequence[Sequence[Span]], *, perturbation: Perturbation, seed: int
) -> Trial:
    pairs = list(_pairs(before.examples, mentions, perturbation=perturbation, seed=seed))
    rows = np.array([one.text != other.text for one, other in pairs])
    after = evaluate_examples(model, task, [other for _, other in pairs])
    first, second = _judged(before), _judged(after)
    return Trial(
        task=task.name,
        file=before.file,
        perturbation=perturbation.name,
        about=perturbation.about,
        main=MAIN[task.kind],
        n_rows=len(pairs),
        n_changed=int(rows.sum()),
        n_flipped=int((changed_answers(first, second) & rows).sum()),
        drops=drops(first, second, rows=rows, seed=seed),
        example=next(((one.text, other.text) for one, other in pairs if one.text != other.text), None),
    )


def _pairs(
    examples: Sequence[Example], mentions: Sequence[Sequence[Span]], *, perturbation: Perturbation, seed: int
) -> Iterator[tuple[Example, Example]]:
    for example, found in zip(examples, mentions, strict=True):
        yield example, perturbation.apply(example, mentions=found, seed=seed)


def _judged(evaluation: Evaluation) -> Judged:
    assert evaluation.judged is not None  # it is there in what evaluate_examples returns
    return evaluation.judged
