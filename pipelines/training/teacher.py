"""Remember what the untaught base model makes of some windows, so that teaching does not bend the embedding away from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.batching import micro_batches
from pipelines.model import pad
from pipelines.network import Network
from pipelines.training.prepare import Item


def teach_embeddings(network: Network, items: Mapping[str, Sequence[Item]], *, n_tokens: int, seed: int, cache: Path) -> dict[str, Tensor]:
    """Embed about `n_tokens` tokens of each task's windows with `network` as it stands: (n_items, width), NaN rows for the others.

    The result is kept in `cache`, since a resumed run no longer has the base model's heads and weights.
    """
    if not cache.exists():
        rng = np.random.default_rng(seed)
        found = {}
        for task in sorted(items):
            order = rng.permutation(len(items[task]))
            read = np.cumsum([len(items[task][row].tokens) for row in order])
            found[task] = _embed_some(network, items[task], rows=[int(row) for row in order[: np.searchsorted(read, n_tokens)]])
        save_file(found, str(cache))
    return load_file(str(cache))


def _embed_some(network: Network, items: Sequence[Item], *, rows: Sequence[int]) -> Tensor:
    vectors = torch.full((len(items), network.config.encoder.width), torch.nan)
    network.eval()
    with torch.inference_mode():
        for batch in micro_batches([len(items[row].tokens) + 2 for row in rows], token_budget=1_500):
            ids, shapes, mask = pad([items[rows[index]].tokens for index in batch], special=network.config.special)
            vectors[[rows[index] for index in batch]] = network.embed(network.encoder(ids, shapes, mask), mask)
    return vectors
