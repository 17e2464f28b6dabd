"""What a network is told about a batch: cross entropy on its targets, and nearness to the base model's own embedding."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from pipelines.model import pad
from pipelines.network import Network
from pipelines.training.data import ENTITIES
from pipelines.training.prepare import IGNORED, Item


def batch_loss(
    network: Network, task: str, items: Sequence[Item], *, weights: Tensor | None, teacher: Tensor | None, teacher_weight: float
) -> dict[str, Tensor]:
    """Return the losses of one batch: `task`, `embedding` (0 where no teacher is known) and their weighted `total`.

    `teacher` is (batch, width) of unit vectors, NaN rows where none was computed; `weights` are the labels' (n_labels,).
    """
    ids, shapes, mask = pad([item.tokens for item in items], special=network.config.special)
    hidden = network.encoder(ids, shapes, mask)
    told = _tag_loss(network, hidden, items) if task == ENTITIES else _label_loss(network.classify(task, hidden, mask), items, weights)
    drift = hidden.new_zeros(())
    if teacher is not None and bool((known := ~teacher[:, 0].isnan()).any()):
        drift = (1 - (network.embed(hidden, mask)[known] * teacher[known]).sum(dim=-1)).mean()
    return {"task": told, "embedding": drift, "total": told + teacher_weight * drift}


def _label_loss(logits: Tensor, items: Sequence[Item], weights: Tensor | None) -> Tensor:
    targets = torch.tensor([item.target for item in items])
    return functional.cross_entropy(logits, targets, weight=weights)


def _tag_loss(network: Network, hidden: Tensor, items: Sequence[Item]) -> Tensor:
    targets = torch.full(hidden.shape[:2], IGNORED)
    for row, item in enumerate(items):
        assert isinstance(item.target, list)
        targets[row, 1 : 1 + len(item.target)] = torch.tensor(item.target)
    known = targets != IGNORED
    if not bool(known.any()):
        return hidden.sum() * 0
    return functional.nll_loss(network.tag(hidden[known]), targets[known])
