"""Read what people said from a Label Studio export, JSON or JSON-MIN; settling their differences is left to `settling`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.training.annotation.interface import CONTROLS, TEXT
from pipelines.training.annotation.offsets import settle_span
from pipelines.training.data import Span
from pipelines.training.formats import BadRowError
from pipelines.training.tasks import Task, TaskKind

Answer = str | frozenset[Span]
"""A label, or the spans that somebody marked."""

_HOW = "in Label Studio choose Export, then JSON"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person said of one text; `is_truth` where it was marked as ground truth."""

    who: str
    answer: Answer
    is_truth: bool = False


@dataclass(frozen=True, slots=True)
class Annotated:
    """A text with the opinions on it. `raw` is the task as it came, `n_skipped` how often somebody skipped it or left it open."""

    where: str
    text: str
    data: Mapping[str, Any]
    opinions: tuple[Opinion, ...]
    n_skipped: int
    raw: Mapping[str, Any] = field(default_factory=dict)


def read_answers(path: Path, task: Task) -> list[Annotated]:
    """Read an export; BadRowError names the task that is not what `task` needs, and the mend."""
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise BadRowError(f"{path.name} is not JSON ({problem}); {_HOW}") from problem
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise BadRowError(f"{path.name} is not a list of tasks; {_HOW}")
    if not values:
        raise BadRowError(f"{path.name} holds no task; {_HOW}, once somebody has labelled some")
    return [_annotated(one, task, f"{path.name}, task {one.get('id', number)}") for number, one in enumerate(_whole(values, task), start=1)]


def _whole(values: list[dict[str, Any]], task: Task) -> Iterator[dict[str, Any]]:
    """Give every task the shape of the full export: JSON-MIN has one flat object an annotation, and older versions another name."""
    flat: dict[Any, dict[str, Any]] = {}
    for one in values:
        if "data" in one:
            yield {**one, "annotations": one.get("annotations", one.get("completions", []))}
        else:
            home = flat.setdefault(one.get("id", id(one)), {"id": one.get("id"), "data": one, "annotations": []})
            home["annotations"].append(_unfolded(one, task))
    yield from flat.values()


def _unfolded(one: Mapping[str, Any], task: Task) -> dict[str, Any]:
    found = one.get(CONTROLS[task.kind])
    result: list[dict[str, Any]] = []
    if task.kind in (TaskKind.SENTIMENT, TaskKind.TOPICS):
        choices = found.get("choices", []) if isinstance(found, dict) else [found] if found else []
        result = [{"type": "choices", "value": {"choices": choices}}] if choices else []
    elif isinstance(found, list):
        result = [{"type": "labels", "value": value} for value in found]
    return {"completed_by": one.get("annotator"), "updated_at": one.get("updated_at"), "result": result}


def _annotated(one: Mapping[str, Any], task: Task, where: str) -> Annotated:
    data = one["data"]
    text = data.get(TEXT) if isinstance(data, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise BadRowError(f"{where}: its data has no `{TEXT}`; export tasks that `bellwether labels export` made, or name their field so")
    latest: dict[str, Opinion] = {}
    n_skipped = 0
    for number, said in enumerate(_in_time(one["annotations"]), start=1):
        answer = None if said.get("was_cancelled") else _answer(said.get("result") or [], task, text, where)
        if answer is None:
            n_skipped += 1
            continue
        who = _who(said.get("completed_by"), number)
        latest[who] = Opinion(who, answer, is_truth=bool(said.get("ground_truth")))  # somebody's later word replaces the earlier
    return Annotated(where, text, data, tuple(latest.values()), n_skipped, one)


def _in_time(said: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(said, key=lambda one: str(one.get("updated_at") or one.get("created_at") or ""))


def _who(value: Any, number: int) -> str:
    if isinstance(value, dict):
        value = value.get("email") or value.get("id")
    return f"annotation {number}" if value is None else str(value)


def _answer(result: Iterable[Mapping[str, Any]], task: Task, text: str, where: str) -> Answer | None:
    """Return the answer; None if a question for a choice was left open. No spans are an answer, too."""
    if task.kind in (TaskKind.SENTIMENT, TaskKind.TOPICS):
        chosen = [choice for one in result if one.get("type") == "choices" for choice in one["value"].get("choices", [])]
        if len(set(chosen)) > 1:
            raise BadRowError(f'{where}: {len(chosen)} choices, where {task.name} takes one; set choice="single" in the interface')
        return str(chosen[0]) if chosen else None
    marks = [one for one in result if one.get("type") in ("labels", "hypertextlabels")]
    return frozenset(_span(mark.get("value") or {}, text, where) for mark in marks)


def _span(value: Mapping[str, Any], text: str, where: str) -> Span:
    labels = value.get("labels") or value.get("hypertextlabels") or []
    if len(labels) != 1:
        raise BadRowError(f"{where}: the span {value.get('text', '')!r} has {len(labels)} labels; give it exactly one")
    try:
        start, end = int(value["start"]), int(value["end"])
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRowError(f"{where}: a span without `start` and `end` as numbers; label a <Text>, not HTML") from problem
    marked = value.get("text")
    place = settle_span(text, start, end, marked=marked if isinstance(marked, str) else None)
    if place is None:
        raise BadRowError(f"{where}: span {start}-{end} ({marked!r}) does not stand in its text; mark it anew in Label Studio")
    return Span(*place, str(labels[0]))
