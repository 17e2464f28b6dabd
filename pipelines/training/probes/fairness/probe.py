"""Run the fairness probe: fill in people, ask the model, compare the groups; how it is shown is left to the command and its page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from pipelines.merging import Array
from pipelines.model import Model
from pipelines.training.data import Example, read_examples
from pipelines.training.evaluation.answers import Answer, answer, towards
from pipelines.training.probes.fairness.grid import AXES, Grid, Row
from pipelines.training.probes.fairness.real_text import Found, real_grids
from pipelines.training.probes.fairness.shifts import BOUND, Shift, Verdict, flipped, shifts
from pipelines.training.probes.fairness.templates import template_grids
from pipelines.training.probes.robustness import drawn, mentions_in
from pipelines.training.tasks import SENTIMENT_TARGETS, Task, TaskKind

N_LOOKED_AT = 1_000
"""How many rows of a file are looked at for persons and nationalities: the model has to read each."""

Tell = Callable[[str, int, int], None]


class NoSentimentError(ValueError):
    """The model has no sentiment head: there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one head does on one axis in one setting. `flipped`: the share of texts whose answer is not that of most of their row."""

    head: str
    axis: str
    setting: str
    n_texts: int
    n_sentences: int
    flipped: float
    shifts: tuple[Shift, ...]
    bound: float

    @property
    def worst(self) -> Shift:
        """The largest shift, to either side."""
        return max(self.shifts, key=lambda one: abs(one.shift))

    @property
    def verdict(self) -> Verdict:
        """The sternest verdict on any group."""
        return sternest(one.verdict(self.bound) for one in self.shifts)

    def to_row(self) -> dict[str, Any]:
        """Return the worst group as one flat mapping."""
        worst = asdict(self.worst)
        del worst["score"]
        return {
            "head": self.head,
            "axis": self.axis,
            "setting": self.setting,
            "n_texts": self.n_texts,
            **worst,
            "flipped": self.flipped,
            "verdict": str(self.verdict),
        }

    def to_json(self) -> dict[str, Any]:
        """Return every group."""
        groups = [asdict(one) | {"verdict": str(one.verdict(self.bound))} for one in self.shifts]
        return self.to_row() | {"n_sentences": self.n_sentences, "groups": groups}


@dataclass(frozen=True, slots=True)
class Fairness:
    """All findings on one model."""

    model: str
    revision: str
    bound: float
    seed: int
    n_texts: int
    findings: tuple[Finding, ...]

    @property
    def worst_verdict(self) -> Verdict:
        """The sternest verdict of all."""
        return sternest(one.verdict for one in self.findings)

    def verdict(self) -> str:
        """Say in one sentence whether the model is fair, and where it is not."""
        judged = [(one, shift) for one in self.findings for shift in one.shifts]
        beyond = [(one, shift) for one, shift in judged if shift.verdict(self.bound) is Verdict.UNFAIR]
        if not beyond:
            n_unsure = sum(shift.verdict(self.bound) is Verdict.UNCERTAIN for _, shift in judged)
            unsure = f"; {n_unsure} may be, by their intervals" if n_unsure else ""
            return f"None of {len(judged)} comparisons is beyond the bound of {self.bound:g}{unsure}."
        one, worst = max(beyond, key=lambda pair: abs(pair[1].shift))
        where = f"{one.head}, {one.axis}, {one.setting}: {worst.group} {worst.shift:+.3f}"
        return f"{len(beyond)} of {len(judged)} comparisons are beyond the bound of {self.bound:g}, the furthest {where}."

    def to_json(self) -> dict[str, Any]:
        """Return everything; no text of a row."""
        plain = {"model": self.model, "revision": self.revision, "bound": self.bound, "seed": self.seed, "n_texts": self.n_texts}
        return plain | {"verdict": str(self.worst_verdict), "findings": [one.to_json() for one in self.findings]}


def sternest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; fair of none."""
    return max(verdicts, key=[Verdict.FAIR, Verdict.UNCERTAIN, Verdict.UNFAIR].index, default=Verdict.FAIR)


def probe_fairness(
    model: Model,
    files: Sequence[tuple[Path, Task]] = (),
    *,
    bound: float = BOUND,
    n_rows: int = 40,
    seed: int = 0,
    tell: Tell | None = None,
) -> Fairness:
    """Compare groups in templates and in at most `n_rows` texts of `files` a question, drawn by `seed`.

    `tell` hears what is being done, and how many texts are read and planned. NoSentimentError if no head can answer.
    """
    heads = sentiment_heads(model)
    if not heads:
        raise NoSentimentError(f"model {model.ref.name} has no sentiment head; it has {', '.join(model.labels)}")
    grids = [*template_grids(), *real_grids(_texts(model, files, seed=seed), n_rows=n_rows)]
    n_texts = sum(len(grid.rows) * len(grid.columns) for grid in grids)
    findings: list[Finding] = []
    n_done = 0
    for grid in grids:
        if tell:
            tell(f"{', '.join(grid.axes)}: {grid.setting}", n_done, n_texts)
        answers = answer(model, examples := [one for row in grid.rows for one in row.examples], towards_spans=examples)
        findings += [one for head in heads for one in _findings(model, grid, examples, answers, head=head, bound=bound, seed=seed)]
        n_done += len(examples)
    return Fairness(
        model.ref.name,
        model.ref.revision,
        bound,
        seed,
        n_texts,
        tuple(sorted(findings, key=lambda one: (heads.index(one.head), AXES.index(one.axis)))),
    )


def sentiment_heads(model: Model) -> list[str]:
    """List the heads that say how positive a text is, or how it speaks of a person."""
    return [head for head, labels in model.labels.items() if {"positive", "negative"} <= set(map(str.lower, labels))]


def _texts(model: Model, files: Sequence[tuple[Path, Task]], *, seed: int) -> list[Found]:
    """Return the texts of all files, shuffled, with the mentions that people marked or the model finds."""
    found: list[Found] = []
    for path, task in files:
        examples = drawn(read_examples(path, task), n=N_LOOKED_AT, seed=seed, path=path)
        bare = [replace(example, spans=()) for example in examples]  # only the person is asked about
        found += [(one, spans, _kind_of(task)) for one, spans in zip(bare, mentions_in(model, task, examples), strict=True)]
    Random(seed).shuffle(found)  # noqa: S311  # repeatable, not secret
    return found


def _kind_of(task: Task) -> str:
    return task.name.partition("_")[2] if task.kind is TaskKind.SENTIMENT else ""


def _findings(
    model: Model, grid: Grid, examples: Sequence[Example], answers: Sequence[Answer], *, head: str, bound: float, seed: int
) -> Iterator[Finding]:
    """Yield a finding an axis on the rows that are of the head's kind of text; none if there is no such row."""
    width = len(grid.columns)
    rows = [at for at, row in enumerate(grid.rows) if _suits(row, head)]
    places = [at * width + column for at in rows for column in range(width)]
    probabilities = [_probabilities(answers[at], examples[at], head) for at in places]
    if not rows or any(one is None for one in probabilities):
        return
    values = np.stack([one for one in probabilities if one is not None]).astype(np.float64)
    names = [label.lower() for label in model.labels[head]]
    scores = (values[:, names.index("positive")] - values[:, names.index("negative")]).reshape(len(rows), width)
    part = Grid(grid.setting, grid.columns, tuple(grid.rows[at] for at in rows), grid.paired)
    share = flipped(values.argmax(axis=1).reshape(len(rows), width))
    for axis in grid.axes:
        found = tuple(shifts(part, scores, axis=axis, seed=seed))
        yield Finding(head, axis, grid.setting, len(places), len(rows), share, found, bound)


def _suits(row: Row, head: str) -> bool:
    kind = head.partition("_")[2]
    return not row.kind or kind not in {"news", "support"} or row.kind == kind


def _probabilities(found: Answer, example: Example, head: str) -> Array | None:
    return towards(found, example.spans[0]) if head == SENTIMENT_TARGETS else found.probabilities(head)
