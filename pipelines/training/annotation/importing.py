"""Turn a Label Studio export into rows that a model can be taught and measured by; files and terminals are left to the caller."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.training.annotation.answers import Annotated, Answer, read_answers
from pipelines.training.annotation.interface import CONTROLS
from pipelines.training.annotation.picking import Purpose
from pipelines.training.annotation.records import KEPT
from pipelines.training.annotation.settling import Settled, agreement, settle
from pipelines.training.annotation.studio_tasks import CHOSEN_FOR, RECORD_ID
from pipelines.training.data import BadRowError, to_example
from pipelines.training.tasks import Task

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows of an export, those drawn to measure by apart; `disputed` are the tasks on which people disagree, as they came.

    Of `n_shared` texts that more than one person answered, all agreed on `n_agreed`.
    """

    rows: list[Row]
    measuring_rows: list[Row]
    disputed: list[Mapping[str, Any]]
    n_tasks: int
    n_unanswered: int
    n_shared: int
    n_agreed: int

    def labels(self) -> Counter[str]:
        """Count the labels of all rows, or of their spans."""
        return Counter(label for row in [*self.rows, *self.measuring_rows] for label in _labels(row))


def read_import(paths: Sequence[Path], task: Task) -> Imported:
    """Read and settle exports; what they say of the same text is put together. BadRowError names the task with a fault, and the mend."""
    answers = _together(one for path in paths for one in read_answers(path, task))
    settled = [settle(one) for one in answers]
    rows: list[Row] = []
    measuring_rows: list[Row] = []
    for one in settled:
        if one.answer is not None:
            (measuring_rows if one.one.data.get(CHOSEN_FOR) == Purpose.MEASURING else rows).append(_row(one, one.answer, task))
    n_shared, n_agreed = agreement(answers)
    disputed = [one.one.raw for one in settled if one.is_disputed]
    n_unanswered = sum(one.answer is None and not one.is_disputed for one in settled)
    if not rows and not measuring_rows:
        names = ", ".join(path.name for path in paths)
        raise BadRowError(f"{names}: nobody has answered any of the {len(settled):,} tasks alone or in agreement; label some first")
    return Imported(rows, measuring_rows, disputed, len(settled), n_unanswered, n_shared, n_agreed)


def _together(answers: Iterable[Annotated]) -> list[Annotated]:
    found: dict[str, Annotated] = {}
    for one in answers:
        before = found.get(one.text)
        said = {opinion.who: opinion for opinion in (*(before.opinions if before else ()), *one.opinions)}  # the later export wins
        found[one.text] = replace(before or one, opinions=tuple(said.values()))
    return list(found.values())


def _row(settled: Settled, answer: Answer, task: Task) -> Row:
    one = settled.one
    fields = {name: RECORD_ID if name == "id" else name for name in (*KEPT, CHOSEN_FOR)}
    about = {name: one.data[there] for name, there in fields.items() if one.data.get(there) not in (None, "")}
    spans = () if isinstance(answer, str) else sorted(answer, key=lambda span: (span.start, span.end))
    said = answer if isinstance(answer, str) else [{"start": span.start, "end": span.end, "label": span.label} for span in spans]
    row = {"text": one.text, CONTROLS[task.kind]: said, **about}
    to_example(row, kind=task.kind, where=one.where, row=0)  # what `train` would refuse is better refused here
    return row


def _labels(row: Mapping[str, Any]) -> Sequence[str]:
    found = next(row[name] for name in CONTROLS.values() if name in row)
    return [found] if isinstance(found, str) else [span["label"] for span in found]


def save_rows(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write rows as JSON lines, their folder too if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def save_tasks(tasks: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write Label Studio tasks as a JSON list, their folder too if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
