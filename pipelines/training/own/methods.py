"""What of a network learns under each method, and how it is made one network again; when it learns is left to `fit`."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.network import Network
from pipelines.training.extras import require
from pipelines.training.own.graft import head_of
from pipelines.training.own.options import Method, Options
from pipelines.training.tasks import Task

LORA_TARGETS = ("qkv", "mixed", "inner", "outer")
"""The matrix products of an encoder layer."""


def free_parameters(network: Network, task: Task, options: Options) -> None:
    """Let learn, in place, what the method lets learn; under `lora` the encoder's products get their low-rank matrices."""
    network.requires_grad_(requires_grad=options.method is Method.SCRATCH)
    if options.method is Method.FULL:
        network.encoder.requires_grad_(requires_grad=True)
        network.encoder.words.requires_grad_(requires_grad=False)  # more words than the data could teach anew
    elif options.method is Method.LORA:
        _inject(network, options)
    head_of(network, task).requires_grad_(requires_grad=True)


def make_optimizer(network: Network, options: Options) -> torch.optim.AdamW:
    """Return AdamW over what may learn: the encoder's parameters first, then the head's, each with its own peak rate."""
    free = [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]
    encoder = [parameter for name, parameter in free if name.startswith("encoder.")]
    head = [parameter for name, parameter in free if not name.startswith("encoder.")]
    groups: list[dict[str, Any]] = [{"params": encoder, "peak": options.encoder_rate}, {"params": head, "peak": options.head_rate}]
    return torch.optim.AdamW(groups, lr=options.head_rate, weight_decay=options.weight_decay, betas=(0.9, 0.98))


def learnt_of(network: Network) -> dict[str, Tensor]:
    """Copy to the CPU what may learn: all that a checkpoint needs."""
    return {name: value.detach().cpu().clone() for name, value in network.named_parameters() if value.requires_grad}


def put_back(network: Network, learnt: Mapping[str, Tensor]) -> None:
    """Write what was learnt into a network, in place."""
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.requires_grad:
                value.copy_(learnt[name])


def merge_lora(network: Network) -> None:
    """Add the low-rank matrices to the weights they stand beside, and take them away, in place."""
    for layer in network.encoder.layers:
        for name in LORA_TARGETS:
            beside: Any = getattr(layer, name)
            beside.merge()
            setattr(layer, name, beside.get_base_layer())


def _inject(network: Network, options: Options) -> None:
    peft = require("peft", wanted_for="--method lora")
    torch.manual_seed(options.seed)
    config = peft.LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules=list(LORA_TARGETS))
    peft.inject_adapter_in_model(config, network.encoder)


def n_parameters(module: nn.Module) -> tuple[int, int]:
    """Count the parameters that learn, and all."""
    sizes = [(value.numel(), value.requires_grad) for value in module.parameters()]
    return sum(size for size, learns in sizes if learns), sum(size for size, _ in sizes)
