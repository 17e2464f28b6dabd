"""Turn what the heads of a model put out into labels and mentions: pure numpy, no model needed.

Which head to ask and how windows are merged is left to `pipelines.analyzer`.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

IMPOSSIBLE = -1e4
"""A log-probability that no path through possible tags ever needs."""


def softmax(logits: Scores) -> Scores:
    """Return probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def tag_names(groups: Sequence[str]) -> tuple[str, ...]:
    """List the BIO tags of entity groups: O, then B- and I- of each."""
    return ("O", *(f"{part}-{group}" for group in groups for part in ("B", "I")))


def spread_over_words(tags: Scores, names: Sequence[str], *, word_starts: Sequence[bool]) -> Scores:
    """Give every token that continues a word what its first token said, so that no mention ends inside a word.

    `tags` is (n_tokens, n_tags) of log-probabilities. Where the first token says B-X or I-X, the others can only say I-X.
    """
    if not len(tags):
        return tags
    starts = np.array(word_starts, dtype=bool)
    starts[0] = True
    spread = tags[np.maximum.accumulate(np.where(starts, np.arange(len(tags)), 0))]
    inner = ~starts
    for index, name in enumerate(names):
        if name.startswith("B-"):
            within = names.index(f"I-{name[2:]}")
            spread[inner, within] = np.logaddexp(spread[inner, index], spread[inner, within])
            spread[inner, index] = IMPOSSIBLE
    return spread


def best_tags(tags: Scores, names: Sequence[str]) -> list[int]:
    """Find the likeliest path that BIO allows (Viterbi): I-X only after B-X or I-X. Return a tag index per token."""
    if not len(tags):
        return []
    steps = _transitions(tuple(names))
    greedy = tags.argmax(axis=1)
    if not names[greedy[0]].startswith("I-") and not steps[greedy[:-1], greedy[1:]].any():
        found: list[int] = greedy.tolist()  # the best tag of each token makes an allowed path: none can be better
        return found
    scores = tags[0] + np.array([IMPOSSIBLE if name.startswith("I-") else 0.0 for name in names], dtype=np.float32)
    came_from = []
    for row in tags[1:]:
        candidates = scores[:, None] + steps
        origin = candidates.argmax(axis=0)
        came_from.append(origin)
        scores = candidates[origin, np.arange(len(names))] + row
    path = [int(scores.argmax())]
    for origin in reversed(came_from):
        path.append(int(origin[path[-1]]))
    return path[::-1]


@lru_cache(maxsize=16)
def _transitions(names: tuple[str, ...]) -> Scores:
    steps = np.zeros((len(names), len(names)), dtype=np.float32)
    for column, name in enumerate(names):
        if name.startswith("I-"):
            allowed = [other[2:] == name[2:] and other != "O" for other in names]
            steps[:, column] = np.where(allowed, 0.0, IMPOSSIBLE)
    return steps


def decode_tags(tags: Scores, names: Sequence[str]) -> list[tuple[int, int, str, float]]:
    """Decode (n_tokens, n_tags) log-probabilities into spans (start, end exclusive, group, score), in token positions.

    The score is the mean probability, over the span's tokens, of the span's group.
    """
    path = [names[index] for index in best_tags(tags, names)]
    edges = [index for index, name in enumerate(path) if not name.startswith("I-")] + [len(path)]
    return [
        (start, end, path[start][2:], _group_score(tags[start:end], names, path[start][2:]))
        for start, end in pairwise(edges)
        if path[start] != "O"
    ]


def towards_span(targets: Scores, start: int, end: int) -> Scores | None:
    """Return the probabilities (n_labels,) of sentiment towards tokens `start` to `end` (exclusive); None if none was asked about.

    `targets` is (n_tokens, n_labels) of logits, NaN where not asked; those of the span are averaged.
    """
    rows = targets[start:end]
    known = rows[~np.isnan(rows[:, 0])]
    return softmax(known.mean(axis=0)) if len(known) else None


def _group_score(tags: Scores, names: Sequence[str], group: str) -> float:
    columns = [index for index, name in enumerate(names) if name[2:] == group and name != "O"]
    return float(min(1.0, np.exp(tags[:, columns]).sum(axis=1).mean()))
