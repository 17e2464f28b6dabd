"""Write labelled rows with other people in them, so that a model can be taught that they change nothing; teaching is left to `train`."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipelines.model import Model
from pipelines.training.data import Example, Span, read_examples
from pipelines.training.probes.fairness.names import TAUGHT_NAMES
from pipelines.training.probes.fairness.nationalities import TAUGHT_NATIONALITIES
from pipelines.training.probes.fairness.real_text import named, told_of_both, told_of_nations
from pipelines.training.probes.robustness import mentions_in
from pipelines.training.probes.words import rng_of
from pipelines.training.tasks import Task, TaskKind

AT_ONCE = 1_000
"""How many rows the model reads between two words of progress."""


def save_exchanged(
    model: Model, files: Sequence[tuple[Path, Task]], folder: Path, *, seed: int, tell: Callable[[str, int, int], None] | None = None
) -> dict[Path, int]:
    """Write a file a task into `folder`; return how many rows each has. `tell` hears how many rows are read, of how many."""
    every = [(task, read_examples(path, task)) for path, task in files]
    n_rows, n_read = sum(len(examples) for _, examples in every), 0
    folder.mkdir(parents=True, exist_ok=True)
    written = {folder / f"{task.name}.exchanged.jsonl": 0 for task, _ in every}
    for path in written:
        path.write_text("", encoding="utf-8")
    for task, examples in every:
        path = folder / f"{task.name}.exchanged.jsonl"
        for first in range(0, len(examples), AT_ONCE):
            if tell:
                tell(task.name, n_read, n_rows)
            part = examples[first : first + AT_ONCE]
            rows = [
                _row(other, task)
                for example, mentions in zip(part, mentions_in(model, task, part), strict=True)
                for other in exchanged(example, mentions, seed=seed)
            ]
            with path.open("a", encoding="utf-8") as stream:
                stream.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
            written[path] += len(rows)
            n_read += len(part)
    return written


def exchanged(example: Example, mentions: Sequence[Span], *, seed: int) -> Iterator[Example]:
    """Yield the example with one other name, with the other gender and with one other nationality, where these make sense.

    Labels and spans stay as they are. Names and nationalities are others than those that the probe asks about.
    """
    rng = rng_of(example.text, name="exchange", seed=seed)
    found = (
        named(example, mentions, columns=TAUGHT_NAMES),
        told_of_both(example, mentions),
        told_of_nations(example, mentions, columns=TAUGHT_NATIONALITIES),
    )
    for row in found:
        others = [one for one in row.examples if one.text != example.text] if row else []
        if others:
            other = rng.choice(others)
            yield replace(other, spans=other.spans[1:])


def _row(example: Example, task: Task) -> dict[str, Any]:
    row: dict[str, Any] = {"text": example.text}
    if task.kind in (TaskKind.ENTITIES, TaskKind.TARGETS):
        row[str(task.kind)] = [asdict(span) for span in example.spans]
    else:
        row["label"] = example.label
    return row | ({"source": example.source} if example.source else {})
