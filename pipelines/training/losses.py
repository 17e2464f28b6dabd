"""What a network is told about a batch: cross entropy on its targets, and nearness to the base model's own embedding."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from pipelines.model import pad
from pipelines.network import Network
from pipelines.training.prepare import IGNORED, Item
from pipelines.training.tasks import TaskKind, parse_task


def batch_loss(
    network: Network, task: str, items: Sequence[Item], *, weights: Tensor | None, teacher: Tensor | None, teacher_weight: float
) -> dict[str, Tensor]:
    """Return the losses of one batch: `task`, `embedding` (0 where no teacher is known) and their weighted `total`.

    `teacher` is (batch, width) of unit vectors, NaN rows where none was computed; `weights` are the labels' (n_labels,).
    """
    ids, shapes, mask = pad([item.tokens for item in items], special=network.config.special)
    hidden = network.encoder(ids, shapes, mask)
    told = task_loss(network, task, hidden, mask, items, weights=weights)
    drift = hidden.new_zeros(())
    if teacher is not None and bool((known := ~teacher[:, 0].isnan()).any()):
        drift = (1 - (network.embed(hidden, mask)[known] * teacher[known]).sum(dim=-1)).mean()
    return {"task": told, "embedding": drift, "total": told + teacher_weight * drift}


def task_loss(network: Network, task: str, hidden: Tensor, mask: Tensor, items: Sequence[Item], *, weights: Tensor | None) -> Tensor:
    """Return the cross entropy of one task on the states `hidden` (batch, length, width) of its items."""
    kind = parse_task(task).kind
    if kind in (TaskKind.SENTIMENT, TaskKind.TOPICS):
        return _label_loss(network.classify(task, hidden, mask), torch.tensor([item.target for item in items], device=mask.device), weights)
    told = _told(items, mask)
    known = told != IGNORED
    if not bool(known.any()):
        return hidden.sum() * 0
    if kind is TaskKind.ENTITIES:
        return functional.nll_loss(network.tag(hidden[known]), told[known])
    return _label_loss(network.towards(hidden, mask, known), told[known], weights)


def _label_loss(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    return functional.cross_entropy(logits, targets, weight=weights)


def _told(items: Sequence[Item], mask: Tensor) -> Tensor:
    told = torch.full(mask.shape, IGNORED)
    for row, item in enumerate(items):
        assert isinstance(item.target, list)
        told[row, 1 : 1 + len(item.target)] = torch.tensor(item.target)
    return told.to(mask.device)
