"""Teach the heads of some tasks further, on an encoder that stands still: its states are computed only once.

In the shared run a task with long texts has its turn too seldom to be learnt out, and one with many labels sees each too seldom.
The sentiment towards mentions learns here to tell two things in one sentence apart, from texts that `joining` puts together.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipelines.batching import micro_batches
from pipelines.model import pad
from pipelines.network import Network
from pipelines.tokens import TextTokenizer
from pipelines.training.corpus import labels_of
from pipelines.training.data import Example
from pipelines.training.losses import task_loss
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
    states = _states(network, items)
    torch.manual_seed(seed)
    head = _head_of(network, task).requires_grad_(requires_grad=True).train()
    losses = _teach(network, task, items, states, weights)
    head.requires_grad_(requires_grad=False).eval()
    return losses


def _head_of(network: Network, task: str) -> nn.Module:
    head = network.targets if parse_task(task).kind is TaskKind.TARGETS else network.sequence[task]
    assert isinstance(head, nn.Module)
    return head


def _states(network: Network, items: Sequence[Item]) -> list[Tensor]:
    """Return each window's hidden states (length, width) in half precision: a few kilobytes a token, all of them in memory."""
    states: dict[int, Tensor] = {}
    network.eval()
    with torch.no_grad():
        for batch in micro_batches([len(item.tokens) + 2 for item in items], token_budget=1_500):
            ids, shapes, mask = pad([items[index].tokens for index in batch], special=network.config.special)
            hidden = network.encoder(ids, shapes, mask).half()
            states.update((index, hidden[row, mask[row]].clone()) for row, index in enumerate(batch))
    return [states[index] for index in range(len(items))]


def _teach(network: Network, task: str, items: Sequence[Item], states: Sequence[Tensor], weights: Tensor | None) -> list[float]:
    optimizer = torch.optim.AdamW(_head_of(network, task).parameters(), lr=RATES[parse_task(task).kind], weight_decay=0.01)
    batches = list(micro_batches([len(state) for state in states], token_budget=TOKEN_BUDGET))
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=N_EPOCHS * len(batches))
    losses = []
    for _ in range(N_EPOCHS):
        total = 0.0
        for number in torch.randperm(len(batches)).tolist():
            rows = batches[number]
            hidden = nn.utils.rnn.pad_sequence([states[row].float() for row in rows], batch_first=True)
            lengths = torch.tensor([len(states[row]) for row in rows])
            mask = torch.arange(hidden.shape[1])[None, :] < lengths[:, None]
            loss = task_loss(network, task, hidden, mask, [items[row] for row in rows], weights=weights)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            scheduler.step()
            total += loss.item() / len(batches)
        losses.append(round(total, 4))
    return losses
