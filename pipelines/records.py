"""The values that travel through Bellwether; who stores or sends them is left to `db` and `workers`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pipelines.errors import Permanent


class Kind(StrEnum):
    """What sort of text a record is; it chooses the sentiment head."""

    NEWS = "news"
    SUPPORT = "support"


class Lane(StrEnum):
    """How urgent a batch is: every live batch goes before any backfill batch."""

    LIVE = "live"
    BACKFILL = "backfill"


SENTIMENTS = ("negative", "neutral", "positive")
"""The sentiment labels, in the order of the model's outputs."""

TARGETS = "sentiment_targets"
"""The head that says how a text speaks of each of its mentions; not every model has it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One text with its metadata, valid as it stands: made by `workers.intake`, never by hand in a caller.

    `published_at` is the event time, aware and in UTC. `text` may be of any length from one character up.
    """

    source: str
    external_id: str
    kind: Kind
    text: str
    published_at: datetime
    title: str | None = None
    language: str | None = None
    url: str | None = None
    author: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """What the analyzer reads of a stored record: `id` is the record's own, `taxonomy` the one its source names."""

    id: int
    kind: Kind
    text: str
    taxonomy: str
    title: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A name the model chose and how sure it is, 0 to 1."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Mention:
    """A span of the record's original text: `text[start:end] == word`.

    `entity_group` is its type (PER, ORG, LOC, TICKER, MONEY, PERCENT, EMAIL, PHONE, IBAN, CARD); `entity` is the normal
    form that mentions of one thing share, masked where the word itself is sensitive. `sentiment` is how the text speaks of it
    at this place; None where the model can't tell, and for groups that nobody speaks well or ill of, such as MONEY.
    """

    entity_group: str
    word: str
    start: int
    end: int
    score: float
    entity: str
    sentiment: Label | None = None


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model and the revision of its weights (12 hexadecimal digits of their sha256, or the hub's commit)."""

    name: str
    revision: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a model said of one record.

    `sentiment_scores` holds one probability a label of `SENTIMENTS`; `topics` the likeliest labels, best first;
    `topic` is None where none is likely enough, or where the likeliest is "out_of_scope".
    """

    document_id: int
    model: ModelRef
    sentiment: Label
    sentiment_scores: Mapping[str, float]
    taxonomy: str
    topic: Label | None
    topics: tuple[Label, ...]
    mentions: tuple[Mention, ...]
    language: str | None
    n_tokens: int
    n_windows: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one record could not be analysed; its neighbours in the batch were."""

    document_id: int
    error: Permanent
