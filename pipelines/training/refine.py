"""Teach the heads of some tasks further, on an encoder that stands still: its states are computed only once.

In the shared run a task with long texts has its turn too seldom to be learnt out, and one with many labels sees each too seldom.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.batching import micro_batches
from pipelines.model import pad
from pipelines.network import Network
from pipelines.tokens import TextTokenizer
from pipelines.training.data import Example
from pipelines.training.prepare import Item, class_weights, prepare
from pipelines.training.tasks import TaskKind

N_EPOCHS = 6
RATE = 5e-4
TOKEN_BUDGET = 4_096


def refine_head(network: Network, task: str, examples: Sequence[Example], *, tokenizer: TextTokenizer, seed: int) -> list[float]:
    """Teach one sequence head of `network`, in place; return the mean loss of each epoch."""
    config = network.config
    labels = config.heads[task]
    items = prepare(TaskKind.TOPICS, examples, labels=labels, tokenizer=tokenizer, window_tokens=config.window_tokens)
    targets = torch.tensor([item.target for item in items])
    weights = torch.tensor(class_weights(targets.tolist(), n_labels=len(labels)))
    states = _states(network, items)
    torch.manual_seed(seed)
    head = network.sequence[task].requires_grad_(requires_grad=True).train()
    losses = _teach(head, states, targets, weights)
    head.requires_grad_(requires_grad=False).eval()
    return losses


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


def _teach(head: nn.Module, states: Sequence[Tensor], targets: Tensor, weights: Tensor) -> list[float]:
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=0.01)
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
            loss = functional.cross_entropy(head(hidden, mask), targets[rows], weight=weights)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            scheduler.step()
            total += loss.item() / len(batches)
        losses.append(round(total, 4))
    return losses
