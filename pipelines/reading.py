"""Make documents ready for a model: normalised, masked, tokenised, cut into windows. Running it is left to `pipelines.running`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import InvalidRecord
from pipelines.records import Document, Failure
from pipelines.text.found import Found
from pipelines.text.normalize import normalize
from pipelines.text.offsets import Readable
from pipelines.text.patterns import find_patterns, find_sensitive
from pipelines.text.redact import redact
from pipelines.text.windows import Window, cut

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
    """A document ready for the model; `windows` are ranges of `tokens`."""

    draft: Draft
    tokens: "Tokens"
    windows: list[Window]


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
    return Reading(draft, tokens, windows)
