"""Read training and development files: gzipped JSON lines, checked row by row; preparing them for a network is left to `prepare`."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.records import SENTIMENTS

ENTITIES = "entities"
GROUPS = ("PER", "ORG", "LOC")
SEQUENCE_TASKS = ("sentiment_news", "sentiment_support", "topics_banking77", "topics_complaints")
TASKS = (*SEQUENCE_TASKS, ENTITIES)

Split = Literal["train", "dev"]


class BadRowError(ValueError):
    """A row of a data file is not what its task needs; the message names file, row and fault."""


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled span of a text: half-open character offsets."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text with what people said of it: one `label` (sequence tasks) or `spans` (the entity task)."""

    text: str
    label: str = ""
    spans: tuple[Span, ...] = ()


def task_of(path: Path) -> str:
    """Read the task from a file name such as `sentiment_news.dev.jsonl.gz`; ValueError lists the tasks there are."""
    task = path.name.split(".")[0]
    if task not in TASKS:
        raise ValueError(f"{path.name} is of no known task: its name must start with one of {', '.join(TASKS)}")
    return task


def read_split(folder: Path, split: Split) -> dict[str, list[Example]]:
    """Read the files of all tasks from a folder; FileNotFoundError for a missing one."""
    return {task: read_examples(folder / f"{task}.{split}.jsonl.gz") for task in TASKS}


def read_examples(path: Path) -> list[Example]:
    """Read one file (gzipped if its name ends in .gz); BadRowError for the first row that does not fit its task."""
    task = task_of(path)
    return [_example(values, task=task, where=f"{path.name}, row {number}") for number, values in _rows(path)]


def labels_of(task: str, examples: list[Example]) -> tuple[str, ...]:
    """Return the label names of a sequence task, in the order of a head's outputs."""
    return SENTIMENTS if task.startswith("sentiment") else tuple(sorted({example.label for example in examples}))


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                values = json.loads(line)
            except json.JSONDecodeError as problem:
                raise BadRowError(f"{path.name}, row {number}: not JSON ({problem})") from problem
            if not isinstance(values, dict):
                raise BadRowError(f"{path.name}, row {number}: not a JSON object")
            yield number, values


def _example(values: Mapping[str, Any], *, task: str, where: str) -> Example:
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRowError(f"{where}: `text` must be a non-empty string")
    if task == ENTITIES:
        return Example(text, spans=tuple(_span(span, text=text, where=where) for span in values.get("entities", ())))
    label = values.get("label")
    if not isinstance(label, str) or not label:
        raise BadRowError(f"{where}: `label` must be a non-empty string")
    if task.startswith("sentiment") and label not in SENTIMENTS:
        raise BadRowError(f"{where}: label {label!r} is none of {', '.join(SENTIMENTS)}")
    return Example(text, label=label)


def _span(values: Mapping[str, Any], *, text: str, where: str) -> Span:
    span = Span(int(values["start"]), int(values["end"]), str(values["label"]))
    if not 0 <= span.start < span.end <= len(text):
        raise BadRowError(f"{where}: span {span.start}-{span.end} lies outside its text of {len(text)} characters")
    if span.label not in GROUPS:
        raise BadRowError(f"{where}: entity label {span.label!r} is none of {', '.join(GROUPS)}")
    return span
