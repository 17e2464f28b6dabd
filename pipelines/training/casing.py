"""Show some windows in another letter case, so that a model does not live by capitals alone; an uncased vocabulary needs no new tokens."""

from dataclasses import replace

import numpy as np

from pipelines.tokens import Shape
from pipelines.training.prepare import Item

CHANCES = {Shape.LOWER: 0.08, Shape.UPPER: 0.04, Shape.TITLE: 0.04}
"""How often a window is shown all in lower case, in CAPITALS, and With Each Word Capitalised."""

_LETTERS = frozenset({Shape.LOWER, Shape.TITLE, Shape.UPPER, Shape.MIXED})


def vary_case(item: Item, *, rng: np.random.Generator) -> Item:
    """Return `item` as it stands, or by CHANCES in another case."""
    draw = rng.random()
    for shape, chance in CHANCES.items():
        if draw < chance:
            return replace(item, tokens=replace(item.tokens, shapes=_recased(item, shape)))
        draw -= chance
    return item


def _recased(item: Item, to: Shape) -> list[int]:
    within = Shape.LOWER if to is Shape.TITLE else to
    return [
        int(to if is_start else within) if shape in _LETTERS else shape
        for shape, is_start in zip(item.tokens.shapes, item.tokens.word_starts, strict=True)
    ]
