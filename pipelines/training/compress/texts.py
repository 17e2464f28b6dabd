"""Choose the texts that a smaller model learns from, and the labelled rows that then calibrate it; teaching is left to `distil`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.tokens import TextTokenizer, Tokens
from pipelines.training.corpus import HELD_OUT
from pipelines.training.data import BadRowError, Example, read_examples
from pipelines.training.formats import read_rows
from pipelines.training.splits import place_of
from pipelines.training.tasks import TaskKind, task_of

MOST_WINDOWS = 3
"""Windows of one text; a very long one would otherwise drown the others."""

MOST_HELD = 1_000
"""Rows a task that calibrate: a temperature is one number."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What a smaller model is taught from: windows of texts, and by task labelled rows that are none of them."""

    windows: Sequence[Tokens]
    held: Mapping[str, Sequence[Example]]


def read_texts(files: Sequence[Path], *, tokenizer: TextTokenizer, window_tokens: int, n_tokens: int, seed: int) -> Texts:
    """Take about `n_tokens` from the files together, as much from each as it has and its share allows, in an order that `seed` draws.

    Rows need `text`; labels only serve to calibrate, in files whose name tells their task. Rows that the default model held
    out are held out here too. BadRowError for a file without texts.
    """
    streams = [_shuffled(_texts_of(path), seed=seed) for path in files]
    chosen: list[Tokens] = []
    left = n_tokens
    for number, stream in enumerate(sorted(streams, key=lambda texts: sum(map(len, texts)))):  # what small files lack, large ones give
        share = left // (len(streams) - number)
        some = _cut(stream, tokenizer, window_tokens=window_tokens, n_tokens=share)
        chosen += some
        left -= sum(map(_size, some))
    return Texts(chosen, {task: rows for path in files for task, rows in _held_of(path).items()})


def _texts_of(path: Path) -> list[str]:
    found = [values["text"] for _, values in read_rows(path) if isinstance(values.get("text"), str) and values["text"].strip()]
    kept = [text for text in found if place_of(text) >= HELD_OUT]
    if not kept:
        raise BadRowError(f"{path.name} has no texts to learn from; its rows need a non-empty `text`")
    return kept


def _shuffled(texts: Sequence[str], *, seed: int) -> list[str]:
    return [texts[index] for index in np.random.default_rng(seed).permutation(len(texts))]


def _cut(texts: Sequence[str], tokenizer: TextTokenizer, *, window_tokens: int, n_tokens: int) -> list[Tokens]:
    chosen: list[Tokens] = []
    size = 0
    for start in range(0, len(texts), 256):
        for tokens in tokenizer(texts[start : start + 256]):
            for begin in range(0, min(len(tokens), MOST_WINDOWS * window_tokens), window_tokens):
                if size >= n_tokens:
                    return chosen
                chosen.append(tokens.window(begin, begin + window_tokens))
                size += _size(chosen[-1])
    return chosen


def _size(window: Tokens) -> int:
    return len(window) + 2


def _held_of(path: Path) -> dict[str, list[Example]]:
    """Return the held-out rows of a file that is named after a task whose scores can be calibrated, if its rows are labelled."""
    try:
        task = task_of(path)
        rows = [example for example in read_examples(path, task) if place_of(example.text) < HELD_OUT]
    except ValueError:  # texts without labels teach all the same
        return {}
    return {} if task.kind is TaskKind.ENTITIES or not rows else {task.name: rows[:MOST_HELD]}
