"""Taxonomies whose words a tiny random model embedded: it tells equal texts from unequal ones, which is enough here."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from pipelines.embedding import embed_texts
from pipelines.model import BellwetherModel
from pipelines.prototypes import build_prototypes
from pipelines.taxonomy import DescribedTaxonomy, Topic
from pipelines.training.topics.embedded import Embedded

Made = Callable[..., Embedded]


@pytest.fixture
def desk(tiny_model: BellwetherModel) -> Embedded:
    """Two topics that the tiny model tells apart, since the records of these tests say just what the topics do."""
    taxonomy = DescribedTaxonomy(
        name="desk",
        threshold=0.5,
        temperature=0.02,
        topics=(
            Topic(name="card-lost", title="Card lost", description="my card is late", examples=("my card is late",)),
            Topic(name="profit", description="profit falls in london", examples=("profit falls in london",)),
        ),
    )
    texts = [topic.description for topic in taxonomy.topics for _ in range(2)]  # without titles: records are to be the very same
    vectors = embed_texts(texts, model=tiny_model, token_budget=256)
    return Embedded(taxonomy, build_prototypes(taxonomy, list(vectors)), 0.5, tiny_model, 256)


@pytest.fixture
def embedded(tiny_model: BellwetherModel) -> Made:
    """Make a taxonomy from the vectors of each topic's description and examples; texts are numbered."""

    def make(topics: dict[str, Sequence[Sequence[float]]], *, threshold: float = 0.3) -> Embedded:
        taxonomy = DescribedTaxonomy(
            name="any",
            threshold=threshold,
            topics=tuple(
                Topic(name=name, description=f"about {name}", examples=tuple(f"{name} {number}" for number in range(1, len(rows))))
                for name, rows in topics.items()
            ),
        )
        rows = np.array([row for those in topics.values() for row in those], dtype=np.float32)
        vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return Embedded(taxonomy, build_prototypes(taxonomy, list(vectors)), threshold, tiny_model, 256)

    return make
