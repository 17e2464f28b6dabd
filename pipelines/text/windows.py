"""Cut the tokens of a long text into overlapping windows, and put what was said of each token together again."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Window = tuple[int, int]
"""A half-open range of token positions."""


def cut(word_starts: Sequence[bool], *, window_tokens: int, overlap: int) -> list[Window]:
    """Cut a text into windows of at most `window_tokens` that cover every token; neighbours share about `overlap` tokens.

    Windows start and stop where words start, unless a single word is longer than a quarter of a window. The overlap is held
    to a third of a window. No tokens: no windows.
    """
    n_tokens = len(word_starts)
    overlap, slack = min(overlap, window_tokens // 3), window_tokens // 4
    windows: list[Window] = []
    start = 0
    while start + window_tokens < n_tokens:
        stop = _word_start_before(word_starts, start + window_tokens, slack=slack)
        windows.append((start, stop))
        start = max(start + 1, _word_start_before(word_starts, stop - overlap, slack=slack if overlap else 0))
    return [*windows, (start, n_tokens)] if n_tokens else []


def _word_start_before(word_starts: Sequence[bool], position: int, *, slack: int) -> int:
    return next((at for at in range(position, position - slack, -1) if word_starts[at]), position)


def seams(windows: Sequence[Window], word_starts: Sequence[bool]) -> list[int]:
    """Return where each window hands over to the next: the middle of their overlap, moved to where a word starts."""
    middles: list[int] = []
    for (_, stop), (start, _) in pairwise(windows):
        middle = max((start + stop) // 2, middles[-1] if middles else 0)
        earliest = max(start, middles[-1] if middles else 0)
        middles.append(next((at for at in range(middle, earliest, -1) if word_starts[at]), middle))
    return middles


def stitch(parts: Sequence[NDArray[np.float32]], windows: Sequence[Window], word_starts: Sequence[bool]) -> NDArray[np.float32]:
    """Join per-token rows of windows into one array for the whole text, each token's row once.

    In an overlap a token is judged by the window in which it stands farther from the edge, so that a mention is found once and
    with the most context; the words of a mention are never split between two judges within a word.
    """
    if len(parts) == 1:
        return parts[0]
    edges = [windows[0][0], *seams(windows, word_starts), windows[-1][1]]
    return np.concatenate(
        [part[left - start : right - start] for part, (start, _), (left, right) in zip(parts, windows, pairwise(edges), strict=True)]
    )
