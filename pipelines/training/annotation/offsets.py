"""Find the span that a person marked: annotation tools count a text's offsets in different ways. What the span means is the caller's."""

import re
from collections.abc import Iterator


def settle_span(text: str, start: int, end: int, *, marked: str | None) -> tuple[int, int] | None:
    """Return half-open character offsets, without white space at the ends; None if nothing fits.

    `marked` is the text of the span as the tool shows it, if it does. Older versions of Label Studio count as JavaScript does,
    two for an emoji; some count a line break of two characters as one. Where neither fits, the nearest place that reads the same.
    """
    for left, right in [(start, end), _from_utf16(text, start, end)]:
        if 0 <= left < right <= len(text) and (marked is None or _same(text[left:right], marked)):
            return _trimmed(text, left, right)
    places = [] if marked is None else list(_places(text, marked))
    if not places:
        return None
    return _trimmed(text, *min(places, key=lambda place: abs(place[0] - start)))


def _from_utf16(text: str, start: int, end: int) -> tuple[int, int]:
    """Turn offsets of UTF-16 code units into characters; what lies outside the text stays outside."""
    units = text.encode("utf-16-le", "surrogatepass")
    if not 0 <= 2 * start <= 2 * end <= len(units):
        return -1, -1
    left = len(units[: 2 * start].decode("utf-16-le", "replace"))
    return left, left + len(units[2 * start : 2 * end].decode("utf-16-le", "replace"))


def _same(one: str, other: str) -> bool:
    return one.split() == other.replace("\\n", "\n").split()


def _places(text: str, marked: str) -> Iterator[tuple[int, int]]:
    words = marked.replace("\\n", "\n").split()
    if words:
        yield from (found.span() for found in re.finditer(r"\s+".join(map(re.escape, words)), text))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    bare = text[start:end].strip()
    left = start + len(text[start:end]) - len(text[start:end].lstrip())
    return (left, left + len(bare)) if bare else None
