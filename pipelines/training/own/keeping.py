"""Keep a base's other heads in place while its encoder learns something new, and say how far they moved all the same.

Learning without forgetting: what the base said of the same texts is remembered, and departing from it costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from pipelines.network import Network
from pipelines.training.own.states import Reader, batches_of
from pipelines.training.prepare import Item
from pipelines.training.tasks import ENTITIES, SENTIMENT_TARGETS

EMBEDDING = "embedding"
EMBEDDING_WEIGHT = 2.0
"""A cosine counts for so much: described taxonomies, near-duplicates and similar cases all rest on the embedding."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a network said of some windows, by their places: logits of each head, tokens in rows for heads that judge tokens.

    `asked` are the places (within the padded window) of the tokens towards which it gave a sentiment.
    """

    heads: Mapping[str, Mapping[int, Tensor]]
    asked: Mapping[int, Tensor]


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one of the base's heads moved: on `n` answers, the share that stayed the same, and by how much probabilities moved.

    The embedding's `agreement` is the mean cosine with what it was.
    """

    head: str
    n: int
    agreement: float
    shift: float


def other_heads(network: Network, *, own: str) -> list[str]:
    """List what a network says besides the head `own`."""
    config = network.config
    tokens = [name for name, there in ((ENTITIES, config.tags), (SENTIMENT_TARGETS, config.targets)) if there]
    return [name for name in (*config.heads, *tokens, EMBEDDING) if name != own]


def remember(network: Network, items: Sequence[Item], read: Reader, *, heads: Sequence[str], like: Memory | None = None) -> Memory:
    """Note what `network` says of every window; towards which tokens, it decides itself or, with `like`, another memory."""
    found: dict[str, dict[int, Tensor]] = {head: {} for head in heads}
    asked: dict[int, Tensor] = {}
    network.eval()
    with torch.no_grad():
        for rows in batches_of(items):
            hidden, mask = read(rows)
            chosen = [like.asked[row] for row in rows] if like else _mentions(network, hidden, mask)
            asked.update(zip(rows, chosen, strict=True))
            for head in heads:
                answers = _say(network, head, hidden.float(), mask, chosen)
                found[head].update((row, answer.cpu()) for row, answer in zip(rows, answers, strict=True))
    return Memory(found, asked)


def kept_loss(network: Network, hidden: Tensor, mask: Tensor, rows: Sequence[int], memory: Memory) -> Tensor:
    """Return how far answers on these states are from what is remembered: the heads' mean divergence, and more for the embedding."""
    chosen = [memory.asked[row] for row in rows]
    losses, drift = [], hidden.new_zeros(())
    for head, known in memory.heads.items():
        now, then = (
            torch.cat(part) for part in (_say(network, head, hidden, mask, chosen), [known[row].to(hidden.device) for row in rows])
        )
        if not len(now):
            continue
        if head == EMBEDDING:
            drift = 1 - (now * then).sum(dim=-1).mean()
        else:
            losses.append(functional.kl_div(now.log_softmax(-1), then.log_softmax(-1), reduction="batchmean", log_target=True))
    return (torch.stack(losses).mean() if losses else hidden.new_zeros(())) + EMBEDDING_WEIGHT * drift


def drifts_between(before: Memory, after: Memory) -> list[Drift]:
    """Compare, head by head, what was said of the same windows."""
    return [_drift(head, before.heads[head], after.heads[head]) for head in before.heads]


def _drift(head: str, before: Mapping[int, Tensor], after: Mapping[int, Tensor]) -> Drift:
    then, now = (torch.cat([one[row] for row in sorted(one)]) for one in (before, after))
    if not len(then):
        return Drift(head, 0, 1.0, 0.0)
    if head == EMBEDDING:
        cosine = float((then * now).sum(dim=-1).mean())
        return Drift(head, len(then), cosine, 1 - cosine)
    same = float((then.argmax(-1) == now.argmax(-1)).float().mean())
    shift = float((then.softmax(-1) - now.softmax(-1)).abs().sum(dim=-1).mean() / 2)
    return Drift(head, len(then), same, shift)


def _mentions(network: Network, hidden: Tensor, mask: Tensor) -> list[Tensor]:
    """Find the tokens that the entity head takes for mentions: there, sentiment towards them is kept."""
    if not network.config.tags or not network.config.targets:
        return [torch.zeros(0, dtype=torch.long) for _ in hidden]
    found = (network.tag(hidden.float()).argmax(dim=-1) != network.config.tags.index("O")) & mask
    return [row.nonzero()[:, 0].cpu() for row in found]


def _say(network: Network, head: str, hidden: Tensor, mask: Tensor, chosen: Sequence[Tensor]) -> list[Tensor]:
    """Return a head's answers, one tensor (n_answers, n_labels) a window."""
    if head == EMBEDDING:
        return list(network.embed(hidden, mask)[:, None, :])
    if head == ENTITIES:
        return [row[there] for row, there in zip(network.tag(hidden), mask, strict=True)]
    if head == SENTIMENT_TARGETS:
        places = torch.zeros_like(mask)
        for row, asked in enumerate(chosen):
            places[row, asked.to(mask.device)] = True
        return list(torch.split(network.towards(hidden, mask, places), [len(asked) for asked in chosen]))
    return list(network.classify(head, hidden, mask)[:, None, :])
