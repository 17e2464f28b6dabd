"""Put a head of one's own on a base's network, beside or in place of those it has; teaching it is left to `fit`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from pipelines.heads import tag_names
from pipelines.network import Network, NetworkConfig
from pipelines.training.tasks import Task, TaskKind


def head_name(task: Task) -> str:
    """Return where the task's head stands among a network's modules."""
    if task.kind in (TaskKind.ENTITIES, TaskKind.TARGETS):
        return str(task.kind)
    return f"sequence.{task.name}"


def head_of(network: Network, task: Task) -> nn.Module:
    """Return the task's head."""
    return network.get_submodule(head_name(task))


def names_of(config: NetworkConfig, task: Task) -> tuple[str, ...]:
    """Return what the outputs of the task's head stand for, entity tags for entities; nothing if there is no such head."""
    if task.kind is TaskKind.ENTITIES:
        return config.tags
    return config.targets if task.kind is TaskKind.TARGETS else config.heads.get(task.name, ())


def graft_head(base: Network, task: Task, labels: Sequence[str], *, seed: int, like: str = "") -> Network:
    """Return a network of its own: the base's weights, and a head for the task.

    The head starts from the base's head of that name, or from its sequence head `like`, as far as their labels are the same;
    otherwise it is drawn at random by `seed`.
    """
    names = tag_names(labels) if task.kind is TaskKind.ENTITIES else tuple(labels)
    torch.manual_seed(seed)
    network = Network(_config(base.config, task, names))
    taught, own = base.state_dict(), f"{head_name(task)}."
    state = {name: value if name.startswith(own) else taught[name].clone() for name, value in network.state_dict().items()}
    source = Task(like, task.kind) if like else task
    if known := names_of(base.config, source):
        state.update(_started(state, taught, own=own, theirs=f"{head_name(source)}.", names=names, known=known))
    network.load_state_dict(state)
    return network


def _config(base: NetworkConfig, task: Task, names: tuple[str, ...]) -> NetworkConfig:
    """Say what the new network is; compressed or sharing its words as the base may be, the new one is whole and stands alone."""
    config = replace(base, is_int8=False, words=None)
    calibration = {head: found for head, found in config.calibration.items() if head != task.name}
    if task.kind is TaskKind.ENTITIES:
        return replace(config, tags=names, calibration=calibration)
    if task.kind is TaskKind.TARGETS:
        return replace(config, targets=names, calibration=calibration)
    return replace(config, heads={**config.heads, task.name: names}, calibration=calibration)


def _started(
    state: Mapping[str, Tensor], taught: Mapping[str, Tensor], *, own: str, theirs: str, names: Sequence[str], known: Sequence[str]
) -> dict[str, Tensor]:
    """Copy a head: all of it but its last layer as it is, of the last layer the rows of labels that both know."""
    parts = [name.removeprefix(theirs) for name in taught if name.startswith(theirs)]
    last = max(part.rpartition(".")[0] for part in parts if part.startswith("classify.") or part[0].isdigit())
    shared = [name for name in names if name in known]
    ours, them = ([there.index(name) for name in shared] for there in (list(names), list(known)))
    started = {}
    for part in parts:
        value = taught[theirs + part].clone()
        if part.rpartition(".")[0] == last:
            rows = state[own + part].clone()
            rows[ours] = value[them]
            value = rows
        started[own + part] = value
    return started
