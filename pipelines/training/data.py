"""Read training and development files: gzipped JSON lines, checked row by row; preparing them for a network is left to `prepare`."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.records import SENTIMENTS

ENTITIES = "entities"
GROUPS = ("PER", "ORG", "LOC")
SEQUENCE_TASKS = ("sentiment_news", "sentiment_support", "topics_banking77", "topics_complaints")
TASKS = (*SEQUENCE_TASKS, ENTITIES)

Split = Literal["train", "dev"]

HANDLES_MARKED = frozenset({"btc"})
"""The entity sources that mark @handles as mentions. The others leave them out, which must not teach that handles are none."""

_HANDLE = re.compile(r"@\w+")


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
    """A text with what people said of it: one `label` (sequence tasks) or `spans` (the entity task).

    `untold` are the (start, end) of places about which its source says nothing.
    """

    text: str
    label: str = ""
    spans: tuple[Span, ...] = ()
    untold: tuple[tuple[int, int], ...] = ()


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
        spans = tuple(_span(span, text=text, where=where) for span in values.get("entities", ()))
        return Example(text, spans=spans, untold=_untold(text, spans, source=values.get("source")))
    label = values.get("label")
    if not isinstance(label, str) or not label:
        raise BadRowError(f"{where}: `label` must be a non-empty string")
    if task.startswith("sentiment") and label not in SENTIMENTS:
        raise BadRowError(f"{where}: label {label!r} is none of {', '.join(SENTIMENTS)}")
    return Example(text, label=label)


def _untold(text: str, spans: Sequence[Span], *, source: object) -> tuple[tuple[int, int], ...]:
    if source not in HANDLES_MARKED:
        return tuple(found.span() for found in _HANDLE.finditer(text))
    # Where the handle is a mention its @ is one too (an accident of how these texts were cut into tokens), but not always.
    return tuple((span.start - 1, span.start) for span in spans if text[span.start - 1 : span.start] == "@")


def _span(values: Mapping[str, Any], *, text: str, where: str) -> Span:
    try:
        span = Span(int(values["start"]), int(values["end"]), str(values["label"]))
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRowError(f"{where}: a span needs `start`, `end` and `label`, not {values!r}") from problem
    if not 0 <= span.start < span.end <= len(text):
        raise BadRowError(f"{where}: span {span.start}-{span.end} lies outside its text of {len(text)} characters")
    if span.label not in GROUPS:
        raise BadRowError(f"{where}: entity label {span.label!r} is none of {', '.join(GROUPS)}")
    return span
