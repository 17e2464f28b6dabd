"""Save where a run stands after a round, and take it up there again; what a round does is left to `fit`."""

import time
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


class SeldomSaver:
    """Saves where a run stands, but spends at most about a tenth of its time so: a large model in short rounds would do little else."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of the run."""
        self._folder = folder
        self._not_before = 0.0
        self._saved: Standing | None = None

    def __call__(self, standing: Standing) -> None:
        """Save, unless that was done just now."""
        begun = time.monotonic()
        if begun >= self._not_before:
            save_standing(standing, self._folder)
            self._saved = standing
            self._not_before = time.monotonic() + 10 * (time.monotonic() - begun)

    def at_last(self, standing: Standing) -> None:
        """Save if this was not saved, and there was anything to save at all."""
        if standing.n_rounds and self._saved is not standing and self._not_before:
            save_standing(standing, self._folder)


def read_standing(folder: Path) -> Standing | None:
    """Return where the run in a folder stood, None if it never came to a checkpoint; BadRowError for a broken one."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        return Standing(**torch.load(path, weights_only=True))
    except Exception as problem:  # a broken file fails in any of a dozen ways
        raise BadRowError(f"{path} can't be read ({type(problem).__name__}); delete the run's folder and start it anew") from problem
