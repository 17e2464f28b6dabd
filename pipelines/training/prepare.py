"""Turn examples into token windows with targets; what is learnt from them is left to `losses`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.heads import tag_names
from pipelines.tokens import TextTokenizer, Tokens
from pipelines.training.data import ENTITIES, GROUPS, Example, Span

IGNORED = -100
"""The target of a token that teaches nothing, as torch's cross entropy understands it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One window of an example: `target` is a label's index, or one tag index a token for the entity task."""

    tokens: Tokens
    target: int | list[int]


def prepare(
    task: str, examples: Sequence[Example], *, labels: Sequence[str], tokenizer: TextTokenizer, window_tokens: int, max_windows: int = 3
) -> list[Item]:
    """Cut each example into windows of its first tokens, each with the example's target; `labels` as the head knows them.

    A text gives at most `max_windows`: a very long one would otherwise drown the others of its task.
    """
    items = []
    for example, tokens in zip(examples, tokenizer([example.text for example in examples]), strict=True):
        tags = tag_tokens(tokens, example.spans, untold=example.untold) if task == ENTITIES else []
        for start in range(0, min(len(tokens), window_tokens * max_windows), window_tokens):
            window = tokens.window(start, start + window_tokens)
            target = tags[start : start + window_tokens] if task == ENTITIES else labels.index(example.label)
            items.append(Item(window, target))
    return items


def tag_tokens(tokens: Tokens, spans: Sequence[Span], *, untold: Sequence[tuple[int, int]] = ()) -> list[int]:
    """Give each token that starts a word its BIO tag; the others, which serving never asks, are IGNORED.

    A word belongs to the span that its first token overlaps; outside the spans, words in `untold` places are IGNORED too.
    """
    names = tag_names(GROUPS)
    tags = [IGNORED] * len(tokens)
    previous: Span | None = None
    for index, ((start, end), is_start) in enumerate(zip(tokens.offsets, tokens.word_starts, strict=True)):
        if not is_start:
            continue
        span = next((span for span in spans if start < span.end and end > span.start), None)
        if span is not None:
            tags[index] = names.index(f"{'I' if span is previous else 'B'}-{span.label}")
        elif not any(start < stop and end > begin for begin, stop in untold):
            tags[index] = 0
        previous = span
    return tags


def class_weights(targets: Sequence[int], *, n_labels: int) -> list[float]:
    """Weigh labels by the inverse square root of their frequency, with mean 1 over the examples: rare ones count a little more."""
    counts = np.maximum(np.bincount(np.asarray(targets, dtype=np.int64), minlength=n_labels), 1)
    weights = counts**-0.5
    return [float(weight) for weight in weights * counts.sum() / (weights * counts).sum()]
