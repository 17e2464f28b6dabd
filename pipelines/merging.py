"""Merge what was said of the windows of one text into what holds for the text; plain arrays in, plain arrays out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def log_softmax(logits: Array) -> Array:
    """Return log-probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float32)


def merge_logits(logits: Sequence[Array], n_tokens: Sequence[int]) -> Array:
    """Return the probabilities of a text: the mean of its windows' log-probabilities, weighted by their tokens."""
    rows = log_softmax(np.stack(logits))
    merged = rows[0] if len(rows) == 1 else np.average(rows, axis=0, weights=n_tokens)
    odds = np.exp(merged - merged.max())
    return np.asarray(odds / odds.sum(), dtype=np.float32)


def merge_embeddings(vectors: Sequence[Array], n_tokens: Sequence[int]) -> Array:
    """Return the unit vector of a text: the mean of its windows' vectors, weighted by their tokens."""
    mean = vectors[0] if len(vectors) == 1 else np.average(np.stack(vectors), axis=0, weights=n_tokens)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)
