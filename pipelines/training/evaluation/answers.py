"""Ask a model about labelled texts as serving asks it: the same windows, the same merging; judging its answers is left to others.

A text is read as it stands, without serving's cleaning and masking, so that the figures are the model's alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.heads import decode_tags, towards_span
from pipelines.merging import Array, merge_logits
from pipelines.model import Model, WindowOutput
from pipelines.running import run_windows
from pipelines.text.windows import Window, cut, stitch
from pipelines.tokens import Shape, Tokens
from pipelines.training.data import Example, Span
from pipelines.training.prepare import tokens_of

OVERLAP = 32
"""How many tokens neighbouring windows share, as in serving."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said of one text: an output for each window, a range of the text's `tokens`."""

    tokens: Tokens
    windows: list[Window]
    outputs: list[WindowOutput]

    def probabilities(self, head: str) -> Array:
        """Return what a sequence head says of the whole text: (n_labels,)."""
        return merge_logits([output.logits[head] for output in self.outputs], [stop - start for start, stop in self.windows])


def answer(model: Model, examples: Sequence[Example], *, token_budget: int = 1_500, towards_spans: Sequence[Example] = ()) -> list[Answer]:
    """Run `model` over whole texts; one answer an example, in order.

    `towards_spans` may be the examples again: then the model is asked for the sentiment towards their spans.
    """
    texts = model.tokenize([example.text for example in examples])
    if towards_spans:
        texts = [_asking(tokens, example.spans) for tokens, example in zip(texts, towards_spans, strict=True)]
    ranges = [cut(tokens.word_starts, window_tokens=model.window_tokens, overlap=OVERLAP) or [(0, 0)] for tokens in texts]
    windows = [tokens.window(*window) for tokens, those in zip(texts, ranges, strict=True) for window in those]
    outputs = iter(run_windows(windows, model=model, token_budget=token_budget))
    return [Answer(tokens, those, [next(outputs) for _ in those]) for tokens, those in zip(texts, ranges, strict=True)]


def scored_spans_of(found: Answer, names: Sequence[str]) -> list[tuple[Span, float]]:
    """Decode the mentions of one text, in its own offsets, each with how sure the model is; `names` are the BIO tags."""
    parts = [output.tags for output in found.outputs if output.tags is not None]
    if len(parts) != len(found.windows) or not len(found.tokens):
        return []
    offsets = found.tokens.offsets
    rows = stitch(parts, found.windows, found.tokens.word_starts)
    return [(Span(offsets[start][0], offsets[end - 1][1], group), score) for start, end, group, score in decode_tags(rows, names)]


def spans_of(found: Answer, names: Sequence[str]) -> list[Span]:
    """Decode the mentions of one text, in its own offsets."""
    return [span for span, _ in scored_spans_of(found, names)]


def towards(found: Answer, span: Span) -> Array | None:
    """Return the probabilities of sentiment towards a span that was asked about; None if the model said nothing of it."""
    parts = [output.targets for output in found.outputs if output.targets is not None]
    places = _asked(found.tokens, span)
    if len(parts) != len(found.windows) or not places:
        return None
    rows = stitch(parts, found.windows, found.tokens.word_starts)
    return towards_span(rows[np.array(places)], 0, len(places))


def _asking(tokens: Tokens, spans: Sequence[Span]) -> Tokens:
    return replace(tokens, asked=frozenset(place for span in spans for place in _asked(tokens, span)))


def _asked(tokens: Tokens, span: Span) -> list[int]:
    """Return the tokens of a span that serving would ask about: its words, not a sign such as the $ of $AAPL, if it has words."""
    places = list(tokens_of(tokens, span))
    return [place for place in places if tokens.shapes[place] != Shape.OTHER] or places
