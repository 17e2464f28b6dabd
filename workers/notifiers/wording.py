"""An incident in plain text, for people: a headline and lines below it; how they are decorated is left to each notifier."""

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workers.notifiers.message import Message
from workers.sentence import NAMED, label

_UNSEEN = dict.fromkeys((*range(32), *range(127, 160)), " ")
"""Control characters could forge a line, or move a cursor."""

_MOST_PARTS = 8
"""Of the other parts named; people look on for the rest."""


def headline(message: Message) -> str:
    """Return one line that says what happened."""
    return one_line(message.annotations["summary"])


def lines(message: Message) -> list[str]:
    """Return why, since when, what drives it, its other parts, examples and where to look on; an empty string parts two paragraphs."""
    told, evidence = message.details, message.details["evidence"]
    drivers = [_driver(one, metric=told["metric"]) for one in evidence.get("drivers", [])]
    others = evidence.get("parts", [])
    examples = [line for one in evidence.get("examples", []) for line in _example(one)]
    return [
        one_line(told["why"]),
        *_paragraph("", _times(message)),
        *_paragraph("Driven by:", drivers),
        *_paragraph("Also:", _parts(others) if len(others) > NAMED else []),  # fewer are named in the sentence
        *_paragraph("Examples:", examples),
        *_paragraph("", [f"bellwether alerts show {told['incident']}", *([message.link] if message.link else [])]),
    ]


def one_line(text: str) -> str:
    """Return text without control characters and runs of blanks."""
    return " ".join(str(text).translate(_UNSEEN).split())


def _paragraph(head: str, rest: list[str]) -> list[str]:
    return ["", *([head] if head else []), *rest] if rest else []


def _times(message: Message) -> list[str]:
    opened, why = f"Opened {message.starts_at:%Y-%m-%d %H:%M} UTC", message.details["resolution"]
    if message.status == "firing" or message.ends_at is None:
        return [f"{opened}."]
    return [f"{opened}, resolved {message.ends_at:%Y-%m-%d %H:%M} UTC" + (f": {one_line(why)}." if why else ".")]


def _parts(others: Sequence[Mapping[str, Any]]) -> list[str]:
    named = [f"- {one_line(one['label'])}" for one in others[:_MOST_PARTS]]
    return named if len(others) <= _MOST_PARTS else [*named, f"- and {len(others) - _MOST_PARTS} more"]


def _driver(one: Mapping[str, Any], *, metric: str) -> str:
    name = one_line(label(one["dimension"], one["key"]))
    if metric == "volume":
        return f"- {name}: {one['contribution']:+.0f} records"
    added = f"{one['contribution'] * 100:+.0f} points" if metric == "share" else f"{one['contribution']:+.0f} negative records"
    return f"- {name}: {added}, {one['n_negative']} of {one['n']} negative"


def _example(one: Mapping[str, Any]) -> Iterator[str]:
    similar = one.get("n_similar", 1)
    yield f"- {one_line(html.unescape(one['text']))}" + (f" (and {similar - 1} alike)" if similar > 1 else "")
    if one.get("url"):
        yield f"  {one_line(one['url'])}"
