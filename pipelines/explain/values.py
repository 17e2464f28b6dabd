"""What an explanation says, as plain values; finding it is left to `explainer` and `topics`, showing it to `page` and the terminal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipelines.errors import PipelineError
from pipelines.records import Kind, ModelRef


class Unexplainable(PipelineError):
    """The question can't be answered for this text or model; the message says what can be asked."""


class By(StrEnum):
    """How words are weighed: by integrated gradients, or by how the answer changes where a word is left out."""

    GRADIENTS = "gradients"
    OCCLUSION = "occlusion"


@dataclass(frozen=True, slots=True)
class WordWeight:
    """A word of the original text (half-open character offsets) and what it adds to the log-odds; below zero it takes away.

    `read_as` is what the model saw in its place: the same, unless it was masked or normalised.
    """

    word: str
    start: int
    end: int
    weight: float
    read_as: str


@dataclass(frozen=True, slots=True)
class Place:
    """The span of the original text that a sentiment is about."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which words made a head think `label` likelier than `against`, or less likely.

    `scores` are the head's probabilities, `label_given` the likeliest. Weights are in natural log-odds of `label` against
    `against`. By gradients they add up to `log_odds` - `log_odds_blank` (of a text whose every token is padding), but for
    `left_over`, what the numerical integral missed; by occlusion nothing adds up, and both are None.
    """

    head: str
    label_given: str
    scores: Mapping[str, float]
    label: str
    against: str
    by: By
    words: tuple[WordWeight, ...]
    log_odds: float
    log_odds_blank: float | None = None
    left_over: float | None = None
    towards: Place | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A text of a described taxonomy that was near: `origin` is "description" or "example", `likeness` a cosine."""

    topic: str
    origin: str
    text: str
    likeness: float


@dataclass(frozen=True, slots=True)
class TopicExplanation:
    """Why a text got its topic: how near it is to a described taxonomy's texts, or the words that moved a trained head.

    `topic` is None where none was likely enough; `scores` are the likeliest topics, best first. Of a described taxonomy,
    `likeness` says how like the text is to each of them (-1 to 1), `threshold` below which likeness there is no topic, and
    `matches` which of their texts are nearest.
    """

    taxonomy: str
    kind: str
    topic: str | None
    scores: Mapping[str, float]
    likeness: Mapping[str, float] = field(default_factory=dict)
    threshold: float | None = None
    matches: tuple[Match, ...] = ()
    words: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is told about one text; `topic` is None where it was not asked, or `note` says why it can't be told."""

    text: str
    kind: Kind
    model: ModelRef
    sentiment: Explanation
    topic: TopicExplanation | None = None
    note: str = ""
