"""Put a question to a text: which head, which label against which, in which windows; weighing the words is left to others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.reading import Reading
from pipelines.records import TARGETS
from pipelines.text.windows import seams
from pipelines.tokens import Shape

if TYPE_CHECKING:
    from pipelines.model import WindowOutput
    from pipelines.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Part:
    """One window: its range of the text's tokens, and its share in the log-odds of the whole text.

    `tokens.asked` are the places, within the window, whose sentiment is in question; empty for heads that judge a window.
    """

    start: int
    stop: int
    tokens: "Tokens"
    share: float


@dataclass(frozen=True, slots=True)
class Question:
    """The log-odds of label number `label` against number `against` of a head, over the windows of one text.

    Windows are merged by their mean log-probability, so the log-odds of a text are the mean of theirs: what the words of each
    window add can be added up.
    """

    head: str
    label: int
    against: int
    parts: tuple[Part, ...]


def whole_text(reading: Reading) -> tuple[Part, ...]:
    """Return every window with its share by tokens, as `pipelines.merging` weighs them."""
    total = sum(stop - start for start, stop in reading.windows)
    tokens = replace(reading.tokens, asked=frozenset())
    return tuple(Part(start, stop, tokens.window(start, stop), (stop - start) / total) for start, stop in reading.windows)


def about(reading: Reading, places: Sequence[int]) -> tuple[Part, ...]:
    """Return the windows that judge the tokens `places`, each with its share of them: none if nothing there can be judged.

    As in serving, a token is judged once, and signs, such as the $ of $AAPL, are not asked.
    """
    places = [place for place in places if reading.tokens.shapes[place] != Shape.OTHER]
    handovers = seams(reading.windows, reading.tokens.word_starts)
    edges = [0, *handovers, len(reading.tokens)]
    parts = []
    for (start, stop), left, right in zip(reading.windows, edges, edges[1:], strict=False):
        asked = frozenset(place - start for place in places if left <= place < right)
        if asked:
            tokens = replace(reading.tokens.window(start, stop), asked=asked)
            parts.append(Part(start, stop, tokens, len(asked) / len(places)))
    return tuple(parts)


def log_odds(question: Question, outputs: Sequence["WindowOutput"]) -> float:
    """Return the log-odds that the outputs of the question's windows make together."""
    return sum(part.share * window_log_odds(question, part.tokens, output) for part, output in zip(question.parts, outputs, strict=True))


def window_log_odds(question: Question, tokens: "Tokens", output: "WindowOutput") -> float:
    """Return the log-odds of one window; the mean over the places asked about."""
    if question.head != TARGETS:
        logits = output.logits[question.head]
        return float(logits[question.label] - logits[question.against])
    assert output.targets is not None
    rows = output.targets[sorted(tokens.asked)]
    return float((rows[:, question.label] - rows[:, question.against]).mean())
