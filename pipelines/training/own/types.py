"""Let an entity head keep the types that a base finds and one's own rows don't mark; reading rows is left to `lesson`."""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.model import BellwetherModel
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.answers import answer, spans_of
from pipelines.training.own.lesson import Lesson
from pipelines.training.tasks import ENTITIES, TaskKind


def keep_types(lesson: Lesson, base: BellwetherModel) -> Lesson:
    """Add to every row, where nothing of one's own stands, what `base` finds of the types that no row marks."""
    names = base.labels.get(ENTITIES, ())
    kept = tuple(dict.fromkeys(name[2:] for name in names if name != "O" and name[2:] not in lesson.labels))
    if lesson.task.kind is not TaskKind.ENTITIES or not kept:
        return lesson
    train, dev, test = (_filled(rows, base, names, kept) for rows in (lesson.train, lesson.dev, lesson.test))
    note = (
        f"No row marks {', '.join(kept)}: what the base finds of them was added, so that the model goes on finding them. "
        "Their figures say how well it agrees with the base, not how well it reads."
    )
    return replace(lesson, labels=(*lesson.labels, *kept), train=train, dev=dev, test=test, notes=(*lesson.notes, note))


def _filled(examples: Sequence[Example], base: BellwetherModel, names: Sequence[str], kept: Sequence[str]) -> list[Example]:
    found = [spans_of(one, names) for one in answer(base, examples)]
    return [replace(example, spans=_joined(example.spans, those, kept)) for example, those in zip(examples, found, strict=True)]


def _joined(own: Sequence[Span], found: Sequence[Span], kept: Sequence[str]) -> tuple[Span, ...]:
    free = [one for one in found if one.label in kept and not any(one.start < span.end and span.start < one.end for span in own)]
    return tuple(sorted((*own, *free), key=lambda span: span.start))
