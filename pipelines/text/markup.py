"""Find HTML in a text: tags to drop and entities to decode, as edits. Plain text that merely uses `<` or `&` is left alone.

Every search is linear in the text, whatever the text is.
"""

import html
import re
from collections.abc import Iterator
from html.entities import html5

from pipelines.text.offsets import Edit

_INLINE = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike strong "
    "sub sup time tt u var wbr"
)
_BLOCK = (
    "address article aside audio base blockquote body br button canvas caption center col colgroup dd details div dl dt fieldset "
    "figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe img input legend li link main "
    "menu meta nav noscript object ol option p param picture pre script section select source style summary svg table tbody td "
    "template textarea tfoot th thead title tr track ul video"
)
_SPACED, _JOINED = frozenset(_BLOCK.split()), frozenset(_INLINE.split())
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,14})(?=[\s/>])([^<>]*)>")
_HIDDEN = re.compile(r"<!--|<(script|style)(?=[\s>])[^<>]*>", re.IGNORECASE)
_HIDDEN_ENDS = {
    "": re.compile("-->"),
    "script": re.compile(r"</script\s{0,8}>", re.IGNORECASE),
    "style": re.compile(r"</style\s{0,8}>", re.IGNORECASE),
}
_DECLARATION = re.compile(r"<[!?][A-Za-z\[][^<>]*>")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def markup_edits(text: str) -> list[Edit]:
    """Return edits that drop tags, comments, scripts and styles, and decode entities; empty for plain text."""
    edits: list[Edit] = []
    if "<" in text and any(_tag_edit(match) for match in _TAG.finditer(text)):
        edits = list(_tag_edits(text))
    if "&" in text:
        edits = _merge(edits, _entity_edits(text))
    return edits


def _tag_edit(match: re.Match[str]) -> Edit | None:
    closing, name, rest = match.group(1), match.group(2).lower(), match.group(3)
    known = name in _SPACED or name in _JOINED or ":" in name
    # `if a <b and c> d` has the form of a tag; a real one has nothing, or attributes with values, after its name.
    if not known or not (closing or "=" in rest or not rest.strip(" /\t\r\n")):
        return None
    return Edit(match.start(), match.end(), " " if name in _SPACED else "")


def _tag_edits(text: str) -> Iterator[Edit]:
    hidden = list(_hidden_edits(text))
    shown = [edit for match in _TAG.finditer(text) if (edit := _tag_edit(match))]
    shown += [Edit(match.start(), match.end(), "") for match in _DECLARATION.finditer(text)]
    yield from _merge(hidden, iter(sorted(shown, key=lambda edit: edit.start)))


def _hidden_edits(text: str) -> Iterator[Edit]:
    position = 0
    unclosed: set[str] = set()
    while match := _HIDDEN.search(text, position):
        kind = (match.group(1) or "").lower()
        end = None if kind in unclosed else _HIDDEN_ENDS[kind].search(text, match.end())
        if end is None:  # never searched for again, so that many openings cost no more than one
            unclosed.add(kind)
            position = match.end()
            continue
        yield Edit(match.start(), end.end(), " ")
        position = end.end()


def _entity_edits(text: str) -> Iterator[Edit]:
    for match in _ENTITY.finditer(text):
        name = match.group(1)
        if name.startswith("#") or f"{name};" in html5:
            yield Edit(match.start(), match.end(), html.unescape(match.group()))


def _merge(first: list[Edit], second: Iterator[Edit]) -> list[Edit]:
    """Put two ordered edit lists into one; where they overlap, the edit of `first` stands."""
    merged: list[Edit] = []
    rest = iter(first)
    ahead = next(rest, None)
    reached = 0
    for edit in second:
        while ahead is not None and ahead.start < edit.end:
            merged.append(ahead)
            reached = ahead.end
            ahead = next(rest, None)
        if edit.start >= reached:
            merged.append(edit)
    return merged + ([ahead, *rest] if ahead is not None else [])
