"""Turn examples into token windows with targets; what is learnt from them is left to `losses`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.heads import tag_names
from pipelines.tokens import TextTokenizer, Tokens
from pipelines.training.data import Example, Span
from pipelines.training.tasks import TaskKind

IGNORED = -100
"""The target of a token that teaches nothing, as torch's cross entropy understands it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One window of an example: `target` is a label's index, or one index a token for entities (tags) and targets (labels)."""

    tokens: Tokens
    target: int | list[int]


def prepare(
    kind: TaskKind,
    examples: Sequence[Example],
    *,
    labels: Sequence[str],
    tokenizer: TextTokenizer,
    window_tokens: int,
    max_windows: int = 3,
) -> list[Item]:
    """Cut each example into windows of its first tokens, each with the example's target; `labels` are entity groups for entities.

    A text gives at most `max_windows`: a very long one would otherwise drown the others of its task.
    """
    items = []
    for example, tokens in zip(examples, tokenizer([example.text for example in examples]), strict=True):
        told = _target(kind, example, tokens, labels)
        for start in range(0, min(len(tokens), window_tokens * max_windows), window_tokens):
            target = told[start : start + window_tokens] if isinstance(told, list) else told
            if not isinstance(target, list) or any(one != IGNORED for one in target):
                items.append(Item(tokens.window(start, start + window_tokens), target))
    return items


def _target(kind: TaskKind, example: Example, tokens: Tokens, labels: Sequence[str]) -> int | list[int]:
    if kind is TaskKind.ENTITIES:
        return tag_tokens(tokens, example.spans, groups=labels, untold=example.untold)
    if kind is TaskKind.TARGETS:
        return label_tokens(tokens, example.spans, labels=labels)
    return labels.index(example.label)


def tag_tokens(tokens: Tokens, spans: Sequence[Span], *, groups: Sequence[str], untold: Sequence[tuple[int, int]] = ()) -> list[int]:
    """Give each token that starts a word its BIO tag; the others, which serving never asks, are IGNORED.

    A word belongs to the span that its first token overlaps; outside the spans, words in `untold` places are IGNORED too.
    """
    names = tag_names(groups)
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


def label_tokens(tokens: Tokens, spans: Sequence[Span], *, labels: Sequence[str]) -> list[int]:
    """Give each token of a span the index of the span's label; the others are IGNORED."""
    told = [IGNORED] * len(tokens)
    for span in spans:
        for index in tokens_of(tokens, span):
            told[index] = labels.index(span.label)
    return told


def tokens_of(tokens: Tokens, span: Span) -> Iterable[int]:
    """Return the places of the tokens that a span overlaps."""
    return [index for index, (start, end) in enumerate(tokens.offsets) if start < span.end and end > span.start]


def class_weights(targets: Sequence[int], *, n_labels: int) -> list[float]:
    """Weigh labels by the inverse square root of their frequency, with mean 1 over the examples: rare ones count a little more."""
    counts = np.maximum(np.bincount(np.asarray(targets, dtype=np.int64), minlength=n_labels), 1)
    weights = counts**-0.5
    return [float(weight) for weight in weights * counts.sum() / (weights * counts).sum()]
