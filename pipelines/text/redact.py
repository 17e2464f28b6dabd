"""Mask what is sensitive before anything reads it: the model, a log, an alert. Finding it is left to `patterns`."""

from collections.abc import Iterable, Iterator

from pipelines.text.found import SENSITIVE, Found
from pipelines.text.normalize import normalize
from pipelines.text.offsets import Edit, Readable
from pipelines.text.patterns import find_sensitive


def redact(reading: Readable, found: Iterable[Found]) -> Readable:
    """Replace sensitive spans of `reading.text` by their type; the way back to the original stays exact.

    `found` is what `find_patterns` found in that text, in order.
    """
    return reading.rewritten(Edit(one.start, one.end, _placeholder(one.group)) for one in found if one.group in SENSITIVE)


def left_standing(found: Iterable[Found]) -> Iterator[tuple[Found, int, int]]:
    """Yield what is not sensitive, with its start and end in the text that `redact` makes of the same `found`."""
    shift = 0
    for one in found:
        if one.group in SENSITIVE:
            shift += len(_placeholder(one.group)) - (one.end - one.start)
        else:
            yield one, one.start + shift, one.end + shift


def mask(text: str) -> str:
    """Return a text as it may be shown: original, but for e-mail addresses, phone, IBAN and card numbers."""
    reading = normalize(text)
    spans = [(one.group, *reading.span(one.start, one.end)) for one in find_sensitive(reading.text)]
    return Readable(text, text).rewritten(Edit(start, end, _placeholder(group)) for group, start, end in spans).text


def _placeholder(group: str) -> str:
    return f"[{group.lower()}]"
