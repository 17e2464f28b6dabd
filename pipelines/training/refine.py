"""Teach the heads of some tasks further, on an encoder that stands still: its states are computed only once.

In the shared run a task with long texts has its turn too seldom to be learnt out, and one with many labels sees each too seldom.
The sentiment towards mentions learns here to tell two things in one sentence apart, from texts that `joining` puts together.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipelines.network import Network
from pipelines.tokens import TextTokenizer
from pipelines.training.corpus import labels_of
from pipelines.training.data import Example
from pipelines.training.losses import task_loss
from pipelines.training.own.states import Reader, batches_of, frozen_reader
from pipelines.training.prepare import Item, class_weights, prepare
from pipelines.training.tasks import TaskKind, parse_task

N_EPOCHS = 6
RATES = {TaskKind.TOPICS: 5e-4, TaskKind.TARGETS: 1e-3}
TOKEN_BUDGET = 4_096


def refine_head(network: Network, task: str, examples: Sequence[Example], *, tokenizer: TextTokenizer, seed: int) -> list[float]:
    """Teach one head of `network`, in place; return the mean loss of each epoch."""
    kind = parse_task(task).kind
    labels = network.config.heads.get(task) or labels_of(task, examples)
    items = prepare(kind, examples, labels=labels, tokenizer=tokenizer, window_tokens=network.config.window_tokens)
    targets = [item.target for item in items if isinstance(item.target, int)]
    weights = torch.tensor(class_weights(targets, n_labels=len(labels))) if targets else None
    read = frozen_reader(network, items, device=torch.device("cpu"))
    torch.manual_seed(seed)
    head = _head_of(network, task).requires_grad_(requires_grad=True).train()
    losses = _teach(network, task, items, read, weights)
    head.requires_grad_(requires_grad=False).eval()
    return losses


def _head_of(network: Network, task: str) -> nn.Module:
    head = network.targets if parse_task(task).kind is TaskKind.TARGETS else network.sequence[task]
    assert isinstance(head, nn.Module)
    return head


def _teach(network: Network, task: str, items: Sequence[Item], read: Reader, weights: Tensor | None) -> list[float]:
    optimizer = torch.optim.AdamW(_head_of(network, task).parameters(), lr=RATES[parse_task(task).kind], weight_decay=0.01)
    batches = batches_of(items, token_budget=TOKEN_BUDGET)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=N_EPOCHS * len(batches))
    losses = []
    for _ in range(N_EPOCHS):
        total = 0.0
        for number in torch.randperm(len(batches)).tolist():
            rows = batches[number]
            hidden, mask = read(rows)
            loss = task_loss(network, task, hidden, mask, [items[row] for row in rows], weights=weights)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            scheduler.step()
            total += loss.item() / len(batches)
        losses.append(round(total, 4))
    return losses
