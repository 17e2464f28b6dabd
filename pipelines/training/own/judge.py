"""Judge a network on the rows it stops early by: a loss to compare rounds with, and a figure that people know."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.network import Network
from pipelines.training.calibrate import fit_temperature
from pipelines.training.own.graft import names_of
from pipelines.training.own.states import Reader, batches_of
from pipelines.training.prepare import IGNORED, Item
from pipelines.training.tasks import Task, TaskKind

Logits = NDArray[np.float32]

ENOUGH = 50
"""With so many rows a fitted temperature counts half on a logarithmic scale, with more of them more: a few can't be trusted."""


@dataclass(frozen=True, slots=True)
class Said:
    """Logits (n, n_labels) and what was right (n,): windows, or single tokens for entities, or mentions for targets."""

    logits: Logits
    targets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`loss` is the mean negative log-likelihood at the temperature that it would be served with: being too sure is mended later.

    `f1` is the macro-F1 over the labels there are; for entities, that of tags without O.
    """

    loss: float
    f1: float


def ask(network: Network, task: Task, items: Sequence[Item], read: Reader) -> Said:
    """Return what the task's head says of every window."""
    logits, targets = [], []
    network.eval()
    with torch.no_grad():
        for rows in batches_of(items):
            hidden, mask = read(rows)
            for row, given in zip(rows, _answers(network, task, hidden.float(), mask, [items[row] for row in rows]), strict=True):
                said, right = _known(task, given, items[row])
                logits.append(said)
                targets.append(right)
    return Said(np.concatenate(logits), np.concatenate(targets))


def judge(said: Said, *, ignored: int | None = None) -> Verdict:
    """Return the verdict on what was said; the label `ignored` has no F1 of its own."""
    logs = said.logits / np.float32(fitted_temperature(said))
    logs = logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True)
    loss = max(0.0, -float(logs[np.arange(len(logs)), said.targets].mean()))
    return Verdict(loss, macro_f1(said.targets, said.logits.argmax(axis=-1), ignored=ignored))


def fitted_temperature(said: Said) -> float:
    """Return the temperature that suits what was said, the nearer to 1 the fewer rows there are."""
    fitted = fit_temperature(list(said.logits), said.targets.tolist())
    return float(round(fitted ** (len(said.targets) / (len(said.targets) + ENOUGH)), 4))


def macro_f1(targets: NDArray[np.int64], given: NDArray[np.int64], *, ignored: int | None = None) -> float:
    """Return the mean F1 of the labels that occur."""
    found = []
    for label in set(np.unique(targets).tolist()) - {ignored}:
        n_right = np.sum((targets == label) & (given == label))
        found.append(2 * n_right / (np.sum(targets == label) + np.sum(given == label)))
    return float(np.mean(found)) if found else 0.0


def _answers(network: Network, task: Task, hidden: torch.Tensor, mask: torch.Tensor, items: Sequence[Item]) -> list[Logits]:
    """Return (1, n_labels) of each window, or (n_tokens, n_labels) for heads that judge tokens."""
    if task.kind is TaskKind.ENTITIES:
        return [row[1 : 1 + len(item.tokens)].cpu().numpy() for row, item in zip(network.tag(hidden), items, strict=True)]
    if task.kind is TaskKind.TARGETS:
        logits = torch.full((*mask.shape, len(names_of(network.config, task))), torch.nan, device=mask.device)
        chosen = torch.zeros_like(mask)
        for row, item in enumerate(items):
            assert isinstance(item.target, list)
            chosen[row, 1 : 1 + len(item.target)] = torch.tensor([one != IGNORED for one in item.target], device=mask.device)
        logits[chosen] = network.towards(hidden, mask, chosen)
        return [row[1 : 1 + len(item.tokens)].cpu().numpy() for row, item in zip(logits, items, strict=True)]
    return [row[None].cpu().numpy() for row in network.classify(task.name, hidden, mask)]


def _known(task: Task, given: Logits, item: Item) -> tuple[Logits, NDArray[np.int64]]:
    """Keep what is told; the tokens of a mention count as one, by their mean, as serving reads them."""
    if not isinstance(item.target, list):
        return given, np.array([item.target])
    told = np.array(item.target)
    known = told != IGNORED
    if task.kind is not TaskKind.TARGETS or not known.any():
        return given[known], told[known]
    edges = np.flatnonzero(np.diff(told)) + 1
    parts = [part for part in np.split(np.arange(len(told)), edges) if told[part[0]] != IGNORED]
    return np.stack([given[part].mean(axis=0) for part in parts]), told[[part[0] for part in parts]]
