"""Turn bare texts into unit vectors by a model; what is done with them is left to the caller."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ModelUnavailable
from pipelines.merging import merge_embeddings
from pipelines.reading import read_texts
from pipelines.running import run_windows

if TYPE_CHECKING:
    from pipelines.model import Model, WindowOutput
    from pipelines.text.windows import Window

_AT_ONCE = 512
"""Texts between two steps of a progress bar."""

Told = Callable[[int], None]


def embed_texts(texts: Sequence[str], *, model: "Model", token_budget: int, tell: Told = lambda _: None) -> NDArray[np.float32]:
    """Return the unit vectors (n_texts, width) of texts of any length, `tell`ing how many are done.

    ModelUnavailable if the model makes no embeddings.
    """
    rows: list[NDArray[np.float32]] = []
    for start in range(0, len(texts), _AT_ONCE):
        rows += _embed(texts[start : start + _AT_ONCE], model=model, token_budget=token_budget)
        tell(len(rows))
    return np.stack(rows) if rows else np.zeros((0, 0), dtype=np.float32)


def _embed(texts: Sequence[str], *, model: "Model", token_budget: int) -> Iterator[NDArray[np.float32]]:
    readings = read_texts(texts, model=model)
    windows = [tokens.window(*window) for tokens, ranges in readings for window in ranges]
    outputs = iter(run_windows(windows, model=model, token_budget=token_budget))
    return (_merged([next(outputs) for _ in ranges], ranges, model) for _, ranges in readings)


def _merged(outputs: Sequence["WindowOutput"], ranges: Sequence["Window"], model: "Model") -> NDArray[np.float32]:
    vectors = [output.embedding for output in outputs if output.embedding is not None]
    if len(vectors) != len(outputs):
        raise ModelUnavailable(f"model {model.ref.name} makes no embeddings; name one that does, such as default")
    return merge_embeddings(vectors, [stop - start for start, stop in ranges])
