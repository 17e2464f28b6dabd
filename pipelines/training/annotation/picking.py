"""Choose which records people should label: the ones a model is least sure of, none like another, and some at random."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

NEAR = 0.9
"""Cosine from which two texts say nearly the same, so that one label does for both."""


class Why(StrEnum):
    """Why a record was chosen: to teach, or to measure by."""

    UNSURE = "unsure"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Pick:
    """The position of a chosen record."""

    index: int
    why: Why


def pick(
    margins: Sequence[float | None],
    vectors: NDArray[np.float32] | None,
    *,
    n_wanted: int,
    random_share: float,
    seed: int,
    near: float = NEAR,
) -> list[Pick]:
    """Choose up to `n_wanted` positions, in an order that mixes both sorts; the same seed chooses the same.

    `margins` say how sure a model is of each, None where it can't tell; `vectors` (n, width) are unit, and of two whose cosine is
    `near` or more one is taken. The random ones are drawn
    first, from all: only they can tell how good a model is, since those it is unsure of are harder than most. Where no margin is
    known, all are random.
    """
    rng = np.random.default_rng(seed)
    known = [index for index, margin in enumerate(margins) if margin is not None]
    n_random = round(n_wanted * random_share) if known else n_wanted
    chosen: list[Pick] = []
    kept = _Apart(vectors, near=near)
    for index in rng.permutation(len(margins)).tolist():
        if len(chosen) < n_random and kept.take(index):
            chosen.append(Pick(index, Why.RANDOM))
    for index in sorted(known, key=lambda index: (margins[index], index)):
        if len(chosen) < n_wanted and kept.take(index):
            chosen.append(Pick(index, Why.UNSURE))
    return [chosen[place] for place in rng.permutation(len(chosen)).tolist()]


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
