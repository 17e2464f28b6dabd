"""Make documents ready for a model: normalised, masked, tokenised, cut into windows. Running it is left to `pipelines.running`."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.errors import InvalidRecord
from pipelines.records import TARGETS, Document, Failure
from pipelines.text.found import UNJUDGED, Found
from pipelines.text.normalize import normalize
from pipelines.text.offsets import Readable
from pipelines.text.patterns import find_patterns, find_sensitive
from pipelines.text.redact import left_standing, redact
from pipelines.text.windows import Window, cut
from pipelines.tokens import Shape

if TYPE_CHECKING:
    from pipelines.model import Model, Tokens

_ENDS = (".", "!", "?", ":", ";", "\u3002")


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is tokenised: `plain` is its text as normalised, `shown` the same with sensitive spans masked.

    `found` lies in `plain.text`; the model reads `before`, the title as context, and then `shown.text`.
    """

    document: Document
    plain: Readable
    shown: Readable
    found: list[Found]
    before: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A document ready for the model; `windows` are ranges of `tokens`.

    `places` tells the tokens of what patterns found and the model is asked about: half-open ranges.
    """

    draft: Draft
    tokens: "Tokens"
    windows: list[Window]
    places: Mapping[Found, tuple[int, int]]


def read_documents(documents: Sequence[Document], *, model: "Model", overlap: int) -> list[Reading | Failure]:
    """Make every document ready; one with nothing to read becomes a Failure and leaves its neighbours alone."""
    drafts = [_draft(document) for document in documents]
    tokens = iter(model.tokenize([draft.before + draft.shown.text for draft in drafts if isinstance(draft, Draft)]))
    return [_reading(draft, next(tokens), model, overlap) if isinstance(draft, Draft) else draft for draft in drafts]


def read_texts(texts: Sequence[str], *, model: "Model") -> list[tuple["Tokens", list[Window]]]:
    """Make bare texts ready, without context or masking."""
    tokens = model.tokenize([normalize(text).text for text in texts])
    return [(one, cut(one.word_starts, window_tokens=model.window_tokens, overlap=0)) for one in tokens]


def _draft(document: Document) -> Draft | Failure:
    plain = normalize(document.text)
    if not plain.text:
        return Failure(document.id, InvalidRecord("nothing is left to read once white space, markup and control characters are gone"))
    found = find_patterns(plain.text)
    return Draft(document, plain, redact(plain, found), found, _context(document.title, plain.text))


def _context(title: str | None, text: str) -> str:
    """Return what the model reads before a text: its title, unless the text itself begins with it."""
    reading = normalize(title or "")
    if not reading.text or text.startswith(reading.text):
        return ""
    shown = redact(reading, find_sensitive(reading.text)).text
    return f"{shown} " if shown.endswith(_ENDS) else f"{shown}. "


def _reading(draft: Draft, tokens: "Tokens", model: "Model", overlap: int) -> Reading | Failure:
    windows = cut(tokens.word_starts, window_tokens=model.window_tokens, overlap=overlap)
    if not windows:
        return Failure(draft.document.id, InvalidRecord("the text holds no character that the model can read"))
    places = _places(draft, tokens.offsets) if TARGETS in model.labels else {}
    return Reading(draft, _asking(tokens, places), windows, places)


def _places(draft: Draft, offsets: Sequence[tuple[int, int]]) -> dict[Found, tuple[int, int]]:
    """Find the tokens of what patterns found and a text may speak well or ill of."""
    n_before = len(draft.before)
    places = {}
    for one, start, end in left_standing(draft.found):
        if one.group not in UNJUDGED:
            first = bisect_right(offsets, n_before + start, key=lambda span: span[1])
            stop = bisect_left(offsets, n_before + end, key=lambda span: span[0])
            if first < stop:
                places[one] = (first, stop)
    return places


def _asking(tokens: "Tokens", places: Mapping[Found, tuple[int, int]]) -> "Tokens":
    """Ask about the words of these places, not about a sign such as the $ of $AAPL: no model learns from it."""
    asked = {place for span in places.values() for place in range(*span) if tokens.shapes[place] != Shape.OTHER}
    return replace(tokens, asked=frozenset(asked)) if asked else tokens
