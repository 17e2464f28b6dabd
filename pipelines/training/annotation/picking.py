"""Choose which records people should label: the ones a model is least sure of, none like another, and some at random."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

NEAR = 0.9
"""Cosine from which two texts say nearly the same, so that one label does for both."""


class Purpose(StrEnum):
    """What a record was chosen for."""

    TEACHING = "teaching"
    MEASURING = "measuring"


@dataclass(frozen=True, slots=True)
class Pick:
    """The position of a chosen record."""

    index: int
    purpose: Purpose


def pick(
    margins: Sequence[float | None],
    vectors: NDArray[np.float32] | None,
    *,
    n_wanted: int,
    random_share: float,
    seed: int,
    near: float = NEAR,
) -> list[Pick]:
    """Choose up to `n_wanted` positions, in an order that mixes both purposes; the same seed chooses the same.

    `margins` say how sure a model is of each, None where it can't tell; `vectors` (n, width) are unit, and of two whose cosine is
    `near` or more one is taken. Those to measure by are drawn at random, first, and from all: the ones that a model is unsure of
    are harder than most, and would make it look worse than it is. Those to teach by are the least sure; where no margin is known,
    they are random, too.
    """
    rng = np.random.default_rng(seed)
    chosen: list[Pick] = []
    kept = _Apart(vectors, near=near)
    order = rng.permutation(len(margins)).tolist()
    for index in order:
        if len(chosen) < round(n_wanted * random_share) and kept.take(index):
            chosen.append(Pick(index, Purpose.MEASURING))
    for index in sorted(order, key=lambda index: _doubt(margins[index])):
        if len(chosen) < n_wanted and kept.take(index):
            chosen.append(Pick(index, Purpose.TEACHING))
    return [chosen[place] for place in rng.permutation(len(chosen)).tolist()]


def _doubt(margin: float | None) -> float:
    return 1.0 if margin is None else margin


class _Apart:
    """Takes records that are new and not near one it took before."""

    def __init__(self, vectors: NDArray[np.float32] | None, *, near: float) -> None:
        self._vectors = vectors
        self._near = near
        self._taken: list[int] = []

    def take(self, index: int) -> bool:
        """Take a record, unless it is too near."""
        if index in self._taken:
            return False
        if self._vectors is not None and self._taken and float((self._vectors[self._taken] @ self._vectors[index]).max()) >= self._near:
            return False
        self._taken.append(index)
        return True
