"""Run windows through a model in micro-batches; what they mean is left to `pipelines.analyzer`."""

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.batching import micro_batches
from pipelines.errors import DeviceExhausted

if TYPE_CHECKING:
    from pipelines.model import Model, Tokens, WindowOutput

_log = logging.getLogger(__name__)
_N_SPECIAL = 2
"""Tokens that a model sets around each window."""


def run_windows(windows: Sequence["Tokens"], *, model: "Model", token_budget: int) -> list["WindowOutput"]:
    """Run windows, those of like length together; outputs in the order given. DeviceExhausted if one alone is too much."""
    outputs: dict[int, WindowOutput] = {}
    for batch in micro_batches([len(window) + _N_SPECIAL for window in windows], token_budget=token_budget):
        outputs.update(zip(batch, _forward([windows[index] for index in batch], model), strict=True))
    return [outputs[index] for index in range(len(windows))]


def _forward(windows: Sequence["Tokens"], model: "Model") -> Iterator["WindowOutput"]:
    """Run one micro-batch; where memory runs out, its halves."""
    try:
        yield from model.forward(windows)
    except DeviceExhausted:
        if len(windows) == 1:
            raise
        _log.warning("memory ran out for %d windows; trying half as many", len(windows))
        middle = len(windows) // 2
        yield from _forward(windows[:middle], model)
        yield from _forward(windows[middle:], model)
