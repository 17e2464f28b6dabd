"""Read windows into hidden states for training: through the encoder each time, or once where the encoder stands still."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from pipelines.batching import micro_batches
from pipelines.model import pad
from pipelines.network import Network
from pipelines.training.prepare import Item

MOST_KEPT_TOKENS = 2_000_000
"""Above this the states of a frozen encoder are computed anew each time: a token of MiniLM takes 768 bytes."""

States = tuple[Tensor, Tensor]
"""Hidden states (batch, length, width) and their mask (batch, length)."""
Reader = Callable[[Sequence[int]], States]
"""Gives the states of some windows, by their places."""


def live_reader(network: Network, items: Sequence[Item], *, device: torch.device) -> Reader:
    """Read through the encoder as it stands at that moment."""

    def read(rows: Sequence[int]) -> States:
        ids, shapes, mask = (part.to(device) for part in pad([items[row].tokens for row in rows], special=network.config.special))
        return network.encoder(ids, shapes, mask), mask

    return read


def frozen_reader(network: Network, items: Sequence[Item], *, device: torch.device) -> Reader:
    """Read through an encoder that won't change: each window once, kept in half precision."""
    live = live_reader(network, items, device=device)
    if sum(len(item.tokens) + 2 for item in items) > MOST_KEPT_TOKENS:
        return torch.no_grad()(live)
    kept: dict[int, Tensor] = {}
    network.eval()
    with torch.no_grad():
        for rows in batches_of(items):
            hidden, mask = live(rows)
            kept.update((row, hidden[place, mask[place]].half()) for place, row in enumerate(rows))

    def read(rows: Sequence[int]) -> States:
        hidden = nn.utils.rnn.pad_sequence([kept[row].float() for row in rows], batch_first=True)
        lengths = torch.tensor([len(kept[row]) for row in rows], device=device)
        return hidden, torch.arange(hidden.shape[1], device=device)[None, :] < lengths[:, None]

    return read


def batches_of(items: Sequence[Item], *, token_budget: int = 1_500) -> list[list[int]]:
    """Group windows for reading, each once."""
    return list(micro_batches([len(item.tokens) + 2 for item in items], token_budget=token_budget))
