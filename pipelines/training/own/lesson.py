"""Read the rows of a task of one's own, check that something can be learnt from them, and split them; windows are left to `items`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.records import SENTIMENTS
from pipelines.training.data import BadRowError, Example, read_examples
from pipelines.training.own.options import Options
from pipelines.training.splits import held_out
from pipelines.training.tasks import Task, TaskKind

FEW = 8
"""So few rows of a label are worth a word: a head learns little from them."""
UNSURE = 100
"""Figures on fewer rows than these swing by several points."""
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows to learn from, to stop early by, and to measure on; `labels` are entity types for entities.

    `notes` are sentences that a person should read.
    """

    task: Task
    labels: tuple[str, ...]
    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example]
    notes: tuple[str, ...] = ()


def read_lesson(task: Task, data: Sequence[Path], *, dev: Path | None, test: Path | None, options: Options) -> Lesson:
    """Read and split the files of a task; BadRowError names the file, the row and the mend."""
    rows = _without_copies(example for path in data for example in _read(path, task))
    labels = _labels(rows.examples, task=task, data=data)
    kept, held = held_out(rows.examples, share=(0 if dev else options.dev_share) + (0 if test else options.test_share))
    # A row's place decides, so the lowest places of those held out are the ones that a smaller share would have held out.
    for_dev, for_test = held_out(held, share=0 if test else options.test_share)
    lesson = Lesson(
        task,
        labels,
        kept,
        _checked(dev, task, labels) if dev else for_dev,
        _checked(test, task, labels) if test else for_test,
    )
    _refuse_too_little(lesson, data)
    return replace(lesson, notes=(*rows.notes, *_notes(lesson)))


def labels_said(task: Task, example: Example) -> list[str]:
    """Return every label of one row."""
    return [example.label] if task.kind in (TaskKind.SENTIMENT, TaskKind.TOPICS) else [span.label for span in example.spans]


def _read(path: Path, task: Task) -> list[Example]:
    examples = read_examples(path, task)
    if not examples:
        raise BadRowError(f"{path.name}: it holds no rows; write at least 20, a few of each label")
    return examples


@dataclass(frozen=True, slots=True)
class _Rows:
    examples: list[Example]
    notes: tuple[str, ...]


def _without_copies(examples: Iterable[Example]) -> _Rows:
    """Keep the first of rows that are the same in all that is learnt, and count texts that say different things."""
    seen: dict[tuple[object, ...], Example] = {}
    n_rows = 0
    for example in examples:
        seen.setdefault((example.text, example.label, example.spans), example)
        n_rows += 1
    torn = [text for text, n in Counter(text for text, *_ in seen).items() if n > 1]
    notes = []
    if n_rows > len(seen):
        notes.append(f"{n_rows - len(seen)} rows are copies of others and were left out.")
    if torn:
        first = [example.row for example in seen.values() if example.text == torn[0]]
        notes.append(
            f"{len(torn)} texts stand there with different labels, first in rows {' and '.join(map(str, first))}: decide which is right."
        )
    return _Rows(list(seen.values()), tuple(notes))


def _labels(examples: Sequence[Example], *, task: Task, data: Sequence[Path]) -> tuple[str, ...]:
    said = Counter(label for example in examples for label in labels_said(task, example))
    files = ", ".join(path.name for path in data)
    if not said:
        raise BadRowError(f"{files}: no row marks a single span; mark the {task.kind} that you want found")
    if len(said) == 1 and task.kind is not TaskKind.ENTITIES:
        [label] = said
        raise BadRowError(f"{files}: all {len(examples)} rows, from row {examples[0].row} on, say {label!r}; add rows of another label")
    return SENTIMENTS if task.kind in (TaskKind.SENTIMENT, TaskKind.TARGETS) else tuple(sorted(said))


def _checked(path: Path, task: Task, labels: Sequence[str]) -> list[Example]:
    examples = _read(path, task)
    for example in examples:
        for label in labels_said(task, example):
            if label not in labels:
                raise BadRowError(
                    f"{path.name}, row {example.row}: label {label!r} stands in no row to learn from, which have {_some(labels)}; "
                    "mend its spelling, or add rows of it to --data"
                )
    return examples


def _refuse_too_little(lesson: Lesson, data: Sequence[Path]) -> None:
    name = data[0].name
    for part, what, option in ((lesson.dev, "stop early by", "--dev"), (lesson.test, "measure on", "--test")):
        if not part:
            n_rows = len(lesson.train) + len(lesson.dev) + len(lesson.test)
            raise BadRowError(f"{name}: of {n_rows} rows none is left to {what}; write at least 20, or give {option} FILE")
    learnt = {label for example in lesson.train for label in labels_said(lesson.task, example)}
    if not learnt or (len(learnt) == 1 and lesson.task.kind is not TaskKind.ENTITIES):
        raise BadRowError(
            f"{name}: the {len(lesson.train)} rows to learn from say only {', '.join(learnt) or 'nothing'}; add rows of other labels"
        )


def _notes(lesson: Lesson) -> list[str]:
    counts = Counter(label for example in lesson.train for label in labels_said(lesson.task, example))
    never = [label for label in lesson.labels if not counts[label]]
    few = [f"{label} ({counts[label]})" for label in lesson.labels if 0 < counts[label] < FEW]
    notes = []
    if never:
        notes.append(f"No row to learn from says {_some(never)}: the model can hardly ever answer so.")
    if few:
        notes.append(f"Fewer than {FEW} rows to learn from say {_some(few)}: their figures mean little, more rows would help most there.")
    if len(lesson.test) < UNSURE:
        notes.append(f"The figures rest on {len(lesson.test)} rows: read their intervals, and give --test FILE when you have more.")
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")
