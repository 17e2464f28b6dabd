"""What may be asked of a run, and what is chosen where nothing is asked; carrying it out is left to `run`."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Method(StrEnum):
    """What of the base's network learns."""

    FULL = "full"
    LORA = "lora"
    HEAD = "head"
    SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything but data and base that decides what a run learns.

    `dev_share` and `test_share` of the rows are held out where no file is given for them. Training ends after `n_epochs`, or
    `patience` rounds after the best one. `token_budget` counts padded tokens a step, 0 to go by the data's size; rates are AdamW's
    peaks. `keep_weight` is how much it counts that the base's other heads keep saying what they said; `weigh_classes` lets rare
    labels count more. The last three are the sizes of a fresh encoder, and `rank` that of LoRA's matrices.
    """

    task: str
    method: Method
    seed: int = 17
    dev_share: float = 0.15
    test_share: float = 0.15
    n_epochs: int = 6
    patience: int = 3
    token_budget: int = 0
    encoder_rate: float = 1e-4
    head_rate: float = 1e-3
    warm_up: float = 0.06
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    keep_weight: float = 1.0
    weigh_classes: bool = True
    rank: int = 8
    n_layers: int = 2
    n_attention_heads: int = 4
    width: int = 128


PRESETS: dict[Method, dict[str, Any]] = {
    Method.FULL: {},
    Method.LORA: {"n_epochs": 8, "encoder_rate": 1e-3},
    Method.HEAD: {"n_epochs": 40, "patience": 6},
    Method.SCRATCH: {"n_epochs": 20, "patience": 4, "encoder_rate": 1e-3},
}
"""Where a method's defaults are not those of Options."""


def options_for(task: str, method: Method, **asked: Any) -> Options:
    """Return the method's defaults with what was asked for, None for nothing, on top; ValueError for what makes no sense."""
    given = {name: value for name, value in asked.items() if value is not None}
    chosen = Options(task, method, **{**PRESETS[method], **given})
    if not 0 < chosen.dev_share + chosen.test_share < 1:
        raise ValueError("dev_share and test_share must leave rows to learn from: together above 0 and below 1")
    if chosen.width % chosen.n_attention_heads:
        raise ValueError(f"width {chosen.width} is not a multiple of {chosen.n_attention_heads} attention heads; change one of them")
    return chosen


def changed(options: Options) -> dict[str, Any]:
    """Return what differs from the method's own defaults."""
    usual = options_for(options.task, options.method)
    return {field.name: value for field in fields(options) if (value := getattr(options, field.name)) != getattr(usual, field.name)}
