"""Measure a loaded model on labelled rows of any task; slices, comparison and reports are drawn from what comes back.

Any model of the catalog is measured, through the code that serves.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.heads import Scores
from pipelines.model import Model
from pipelines.records import ModelRef
from pipelines.taxonomy import OUT_OF_SCOPE
from pipelines.training.data import Example, read_examples
from pipelines.training.evaluation.answers import answer, scored_spans_of, towards
from pipelines.training.evaluation.choices import UNANSWERED, Choices
from pipelines.training.evaluation.found_spans import FoundSpans
from pipelines.training.evaluation.label_scores import LabelScores, score_choices
from pipelines.training.evaluation.span_scores import SpanScores, score_found
from pipelines.training.tasks import SHIPPED, Task, TaskKind, parse_task, task_of

Judged = Choices | FoundSpans
"""What a model said beside what was right, row by row: enough to draw the figures of any part of the rows."""


class NoHeadError(ValueError):
    """The model has no head for the task; the message says which it has."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one task on some rows: `notes` are what a reader must know beside them."""

    task: str
    file: str
    scores: LabelScores | SpanScores
    notes: tuple[str, ...] = ()
    model: ModelRef | None = None
    judged: Judged | None = field(default=None, repr=False, compare=False)
    examples: Sequence[Example] = field(default=(), repr=False, compare=False)

    def to_row(self) -> dict[str, str | float]:
        """Return one flat mapping, for a table: the figures that there are."""
        row: dict[str, str | float] = {"task": self.task, "file": self.file, "n": self.scores.n}
        row.update((name, round(value, 6)) for name, value in self.figures().items())
        return row

    def to_json(self) -> dict[str, Any]:
        """Return all figures, those of each label, the confusion and the reliability curve too."""
        return {"task": self.task, "file": self.file, **asdict(self.scores), "notes": list(self.notes)}

    def figures(self) -> dict[str, float]:
        """Return the plain figures by name."""
        return {name: value for name, value in asdict(self.scores).items() if isinstance(value, float)}

    def headline(self) -> str:
        """Return the figures that matter most as one line of percentages."""
        found = self.figures()
        return ", ".join(f"{name.replace('_', ' ')} {found[name]:.1%}" for name in self.scores.HEADLINE if name in found)


def evaluate_file(
    model: Model, path: Path, *, task: Task | None = None, head: str | None = None, token_budget: int = 1_500, limit: int | None = None
) -> Evaluation:
    """Measure `model` on the first `limit` rows of one file, of `task` or of the task that the file's name begins with."""
    wanted = task or task_of(path)
    head = head_for(model, wanted, head=head)  # before the rows are read: they may be many
    examples = read_examples(path, wanted)[:limit]
    return evaluate_examples(model, wanted, examples, head=head, file=path.name, token_budget=token_budget)


def evaluate_split(model: Model, data: Path, *, limit: int | None = None) -> list[Evaluation]:
    """Measure a model on every development file in a folder that it has a head for."""
    files = [data / f"{task}.dev.jsonl.gz" for task in SHIPPED if task in model.labels]
    return [evaluate_file(model, path, limit=limit) for path in files if path.exists()]


def evaluate_examples(
    model: Model, task: Task, examples: Sequence[Example], *, head: str | None = None, file: str = "", token_budget: int = 1_500
) -> Evaluation:
    """Measure `model` on examples of `task`; `head` names another of its heads to ask. NoHeadError says which there are."""
    head = head_for(model, task, head=head)
    if task.kind is TaskKind.ENTITIES:
        spans = _find(model, examples, head=head, token_budget=token_budget)
        return Evaluation(task.name, file, score_found(spans), _notes_of_spans(model, spans, head), model.ref, spans, examples)
    choose = _choose_towards if task.kind is TaskKind.TARGETS else _choose
    choices = choose(model, examples, head=head, token_budget=token_budget)
    scores = score_choices(choices, threshold=model.thresholds.get(head) or None)
    return Evaluation(task.name, file, scores, _notes(model, choices, head), model.ref, choices, examples)


def head_for(model: Model, task: Task, *, head: str | None = None) -> str:
    """Return the head to ask for a task: `head`, the one of its name, or the one for any sentiment; NoHeadError if there is none."""
    if head and head in model.labels and parse_task(head).kind is not task.kind:
        raise NoHeadError(f"head {head!r} gives {parse_task(head).kind}, but {task.name!r} is about {task.kind}; name a head of that kind")
    wanted = [head] if head else [task.name, *(["sentiment"] if task.kind is TaskKind.SENTIMENT else [])]
    for name in wanted:
        if name in model.labels:
            return name
    mend = "" if head else "; `--head` measures another one of the same kind"
    raise NoHeadError(f"model {model.ref.name} has no head {wanted[0]!r}; it has {', '.join(model.labels)}{mend}")


def _choose(model: Model, examples: Sequence[Example], *, head: str, token_budget: int) -> Choices:
    names = model.labels[head]
    found = [one.probabilities(head) for one in answer(model, examples, token_budget=token_budget)]
    choices = _choices(names, [example.label for example in examples], found, rows=range(len(examples)), n_rows=len(examples))
    if OUT_OF_SCOPE not in names:
        return choices
    unsure = choices.probabilities.max(axis=1) < model.thresholds.get(head, 0.0)
    return replace(choices, given=np.where(unsure, names.index(OUT_OF_SCOPE), choices.given))


def _choose_towards(model: Model, examples: Sequence[Example], *, head: str, token_budget: int) -> Choices:
    answers = answer(model, examples, token_budget=token_budget, towards_spans=examples)
    units = [(row, span, towards(answers[row], span)) for row, example in enumerate(examples) for span in example.spans]
    truth, found = [span.label for _, span, _ in units], [scores for _, _, scores in units]
    return _choices(model.labels[head], truth, found, rows=[row for row, _, _ in units], n_rows=len(examples))


def _choices(names: Sequence[str], truth: Sequence[str], found: Sequence[Scores | None], *, rows: Sequence[int], n_rows: int) -> Choices:
    labels = (*names, *sorted(set(truth) - set(names)))
    place = {label: index for index, label in enumerate(labels)}
    probabilities = np.zeros((len(truth), len(labels)), dtype=np.float32)
    given = np.full(len(truth), UNANSWERED, dtype=np.intp)
    for unit, scores in enumerate(found):
        if scores is None:
            probabilities[unit] = np.nan
        else:
            probabilities[unit, : len(names)] = scores
            given[unit] = scores.argmax()
    return Choices(
        labels, np.array([place[label] for label in truth], dtype=np.intp), given, probabilities, np.array(rows, dtype=np.intp), n_rows
    )


def _find(model: Model, examples: Sequence[Example], *, head: str, token_budget: int) -> FoundSpans:
    found = [scored_spans_of(one, model.labels[head]) for one in answer(model, examples, token_budget=token_budget)]
    return FoundSpans(
        tuple(example.text for example in examples),
        tuple(example.spans for example in examples),
        tuple(tuple(span for span, _ in those) for those in found),
        tuple(tuple(score for _, score in those) for those in found),
    )


def _notes(model: Model, choices: Choices, head: str) -> tuple[str, ...]:
    strange = Counter(choices.labels[index] for index in choices.truth if index >= len(model.labels[head]))
    n_silent = int(np.count_nonzero(choices.given == UNANSWERED))
    silent = (f"the model said nothing of {n_silent:,} of {len(choices.truth):,}; they count as wrong",) if n_silent else ()
    return (*_unknown(strange, head=head), *silent)


def _notes_of_spans(model: Model, found: FoundSpans, head: str) -> tuple[str, ...]:
    known = {name[2:] for name in model.labels[head]}
    return _unknown(Counter(span.label for spans in found.truth for span in spans if span.label not in known), head=head)


def _unknown(strange: Counter[str], *, head: str) -> tuple[str, ...]:
    if not strange:
        return ()
    most = ", ".join(f"{label} ({n:,})" for label, n in strange.most_common(5)) + (", ..." if len(strange) > 5 else "")  # noqa: PLR2004
    return (f"{strange.total():,} of the data have a label that the head {head} does not know and count as wrong: {most}",)
