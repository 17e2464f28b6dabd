"""Write records as Label Studio tasks, with a model's guesses as its predictions; reading answers is left to `answers`."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.training.annotation.guesses import Guess
from pipelines.training.annotation.interface import CONTROLS, TEXT
from pipelines.training.annotation.picking import Purpose
from pipelines.training.annotation.records import Unlabelled
from pipelines.training.tasks import Task, TaskKind

RECORD_ID = "record_id"
"""The field of a task that holds the record's own `id`: Label Studio puts its own under that name in JSON-MIN."""

CHOSEN_FOR = "chosen_for"
"""The field of a task, and of the rows that come of it, that says what its record was chosen for."""


def studio_task(record: Unlabelled, *, purpose: Purpose, guess: Guess, task: Task, model: str) -> dict[str, Any]:
    """Return one task. What is to measure by goes without a guess: it would lead those who label."""
    about = {RECORD_ID if name == "id" else name: value for name, value in record.about.items()}
    data = {TEXT: record.text, **about, "row": record.row, CHOSEN_FOR: str(purpose)}
    result = _result(record.text, guess, task)
    if purpose is Purpose.MEASURING or result is None:
        return {"data": data}
    return {"data": data, "predictions": [{"model_version": model, "score": round(guess.score, 4), "result": result}]}


def _result(text: str, guess: Guess, task: Task) -> list[dict[str, Any]] | None:
    """Return the guess as Label Studio writes answers; None if there is none. Offsets count characters, as its newer versions do."""
    if task.kind in (TaskKind.SENTIMENT, TaskKind.TOPICS):
        return [_entry(task, "choices", {"choices": [guess.label]})] if guess.label else None
    spans: Sequence[Mapping[str, Any]] = [
        {"start": span.start, "end": span.end, "text": text[span.start : span.end], "labels": [span.label]} for span in guess.spans
    ]
    return [_entry(task, "labels", span, number=number) for number, span in enumerate(spans)]


def _entry(task: Task, kind: str, value: Mapping[str, Any], *, number: int = 0) -> dict[str, Any]:
    return {"id": f"guess{number}", "from_name": CONTROLS[task.kind], "to_name": TEXT, "type": kind, "value": dict(value)}
