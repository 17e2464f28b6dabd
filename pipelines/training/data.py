"""Read labelled files, checked row by row; how rows are stored is left to `formats`, preparing them for a network to `prepare`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.records import SENTIMENTS
from pipelines.training.formats import BadRowError, read_rows
from pipelines.training.tasks import Task, TaskKind, task_of

__all__ = ["GROUPS", "BadRowError", "Example", "Span", "read_examples"]

GROUPS = ("PER", "ORG", "LOC")
"""The entity types of the default model."""

HANDLES_MARKED = frozenset({"btc"})
"""The entity sources that mark @handles as mentions."""

SILENT_ON_HANDLES = frozenset({"wnut17", "wikigold", "crossner", "ewt", "sec_filings"})
"""The entity sources that leave @handles out, which must not teach that handles are none."""

_HANDLE = re.compile(r"@\w+")
_GROUP = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled span of a text: half-open character offsets."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text with what people said of it: one `label` (sentiment, topics) or `spans`.

    The label of a span is an entity type or, for targets, the sentiment towards it. `untold` are the (start, end) of places
    about which the source says nothing. `source`, `language` and `at` are there to slice figures by; `row` counts from 1.
    """

    text: str
    label: str = ""
    spans: tuple[Span, ...] = ()
    untold: tuple[tuple[int, int], ...] = ()
    source: str = ""
    language: str = ""
    at: datetime | None = None
    row: int = 0


def read_examples(path: Path, task: Task | None = None) -> list[Example]:
    """Read the rows of `task` (without one, of the task that the file's name begins with); BadRowError for the first bad row."""
    wanted = task or task_of(path)
    return [to_example(values, kind=wanted.kind, where=f"{path.name}, row {number}", row=number) for number, values in read_rows(path)]


def to_example(values: Mapping[str, Any], *, kind: TaskKind, where: str, row: int) -> Example:
    """Check one row and read it; BadRowError begins with `where`."""
    text = values.get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRowError(f"{where}: `text` must be a non-empty string")
    source, language = (str(values.get(name) or "") for name in ("source", "language"))
    at = _time(values.get("at"), where=where)
    if kind in (TaskKind.ENTITIES, TaskKind.TARGETS):
        spans = _spans(values, kind=kind, text=text, where=where)
        untold = _untold(text, spans, source=source) if kind is TaskKind.ENTITIES else ()
        return Example(text, "", spans, untold, source, language, at, row)
    return Example(text, _label(values, kind=kind, where=where), (), (), source, language, at, row)


def _label(values: Mapping[str, Any], *, kind: TaskKind, where: str) -> str:
    label = values.get("label")
    if not isinstance(label, str) or not label.strip():
        raise BadRowError(f"{where}: `label` must be a non-empty string")
    if kind is TaskKind.SENTIMENT and label not in SENTIMENTS:
        raise BadRowError(f"{where}: label {label!r} is none of {', '.join(SENTIMENTS)}; rename it in your file")
    return label


def _time(value: object, *, where: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as problem:
        raise BadRowError(f"{where}: `at` is {value!r}; write a time such as 2026-01-31T09:30:00Z, or leave it out") from problem
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _untold(text: str, spans: Sequence[Span], *, source: str) -> tuple[tuple[int, int], ...]:
    if source in SILENT_ON_HANDLES:
        return tuple(found.span() for found in _HANDLE.finditer(text))
    if source not in HANDLES_MARKED:
        return ()
    # Where the handle is a mention its @ is one too (an accident of how these texts were cut into tokens), but not always.
    return tuple((span.start - 1, span.start) for span in spans if text[span.start - 1 : span.start] == "@")


def _spans(values: Mapping[str, Any], *, kind: TaskKind, text: str, where: str) -> tuple[Span, ...]:
    name = str(kind)
    given = values.get(name)
    if not isinstance(given, list):
        raise BadRowError(f"{where}: `{name}` must be a list of spans; write an empty list where there are none")
    spans = tuple(_span(value, kind=kind, text=text, where=where) for value in given)
    for before, after in zip(ordered := sorted(spans, key=lambda span: span.start), ordered[1:], strict=False):
        if kind is TaskKind.ENTITIES and after.start < before.end:
            raise BadRowError(f"{where}: spans {before.start}-{before.end} and {after.start}-{after.end} overlap; keep one of them")
    return spans


def _span(values: Any, *, kind: TaskKind, text: str, where: str) -> Span:
    try:
        span = Span(int(values["start"]), int(values["end"]), str(values["label"]))
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRowError(f"{where}: a span needs `start`, `end` and `label`, not {values!r}") from problem
    if not 0 <= span.start < span.end <= len(text):
        raise BadRowError(
            f"{where}: span {span.start}-{span.end} lies outside its text of {len(text)} characters; offsets count characters, from 0"
        )
    if kind is TaskKind.TARGETS and span.label not in SENTIMENTS:
        raise BadRowError(f"{where}: target label {span.label!r} is none of {', '.join(SENTIMENTS)}")
    if kind is TaskKind.ENTITIES and not _GROUP.fullmatch(span.label):
        raise BadRowError(f"{where}: entity label {span.label!r} must be upper-case letters, digits and _, such as PER or PRODUCT")
    return span
