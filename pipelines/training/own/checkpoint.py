"""Save where a run stands after a round, and take it up there again; what a round does is left to `fit`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipelines.training.data import BadRowError

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Standing:
    """A run after `n_rounds` rounds: what is learnt now, and what was at the best of them (number `best_round`, from 1)."""

    n_rounds: int
    best_round: int
    best_loss: float
    learnt: Mapping[str, Tensor]
    best: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]


def save_standing(standing: Standing, folder: Path) -> None:
    """Replace the folder's checkpoint in one step: a run that is killed meanwhile finds the old one."""
    values = {name: getattr(standing, name) for name in Standing.__dataclass_fields__}
    unfinished = folder / f"{CHECKPOINT}.tmp"
    torch.save(values, unfinished)
    unfinished.replace(folder / CHECKPOINT)


def read_standing(folder: Path) -> Standing | None:
    """Return where the run in a folder stood, None if it never came to a checkpoint; BadRowError for a broken one."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        return Standing(**torch.load(path, weights_only=True))
    except Exception as problem:  # a broken file fails in any of a dozen ways
        raise BadRowError(f"{path} can't be read ({type(problem).__name__}); delete the run's folder and start it anew") from problem
