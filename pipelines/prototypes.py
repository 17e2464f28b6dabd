"""How like a text is to the topics of a described taxonomy: embedded words of each topic, and cosines to them.

What a likeness means, and embedding the words, is left to `pipelines.topics`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.taxonomy import DescribedTaxonomy

Vectors = NDArray[np.float32]

DESCRIPTION_WEIGHT = 3
"""How many examples a description counts as: it says what the topic is about, an example also what happened one day.

Measured on four sets of coarse topics with five examples each: 1 lost 1 to 2.5 points of macro-F1 to it, 5 up to half a point.
"""

NEAREST_SHARE = 0.25
"""How much the one nearest text counts beside the centre: a wide topic has no middle. Without it wide topics lost a point."""

THRESHOLD_SHARE = 0.4
"""Where a taxonomy sets no threshold: this share of the likeness that its own examples have to their topics.

No one cosine suits all: broad topics of news have half the likeness of narrow intents. At 0.4 some 95 to 99% of the texts that
belong to a topic get one, and of those that belong to none the more are refused the narrower the topics are: 20 to 99%.
"""

UNFITTED_THRESHOLD = 0.1
"""The threshold of a taxonomy with hardly an example to fit one to."""

_FEW = 5
"""Fewer examples in all tell nothing of how like texts are to their topics."""


@dataclass(frozen=True, slots=True)
class Prototypes:
    """The embedded words of a taxonomy, all unit vectors.

    `vectors` (n_texts, width) holds each topic's description and then its examples, topic after topic; `starts` says where each
    begins; `centres` (n_topics, width) are their weighted means.
    """

    names: tuple[str, ...]
    starts: NDArray[np.intp]
    vectors: Vectors
    centres: Vectors


def words_of(taxonomy: DescribedTaxonomy) -> list[list[str]]:
    """Return, for each topic, the texts that stand for it: its description, then its examples."""
    return [[f"{topic.title or _spoken(topic.name)}: {topic.description}", *topic.examples] for topic in taxonomy.topics]


def build_prototypes(taxonomy: DescribedTaxonomy, vectors: Sequence[Vectors]) -> Prototypes:
    """Arrange the unit vectors of all texts of `words_of`, in their order."""
    sizes = [len(texts) for texts in words_of(taxonomy)]
    ends = np.cumsum(sizes, dtype=np.intp)
    starts = ends - sizes
    rows = np.stack(vectors).astype(np.float32)
    centres = np.stack([centre(rows[start:end]) for start, end in zip(starts, ends, strict=True)])
    return Prototypes(tuple(topic.name for topic in taxonomy.topics), starts, rows, centres)


def centre(texts: Vectors) -> Vectors:
    """Return the unit vector in the middle of one topic's texts (n_texts, width), whose first is the description."""
    total = texts.sum(axis=0) + (DESCRIPTION_WEIGHT - 1) * texts[0]
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), dtype=np.float32)


def likeness(embeddings: Vectors, prototypes: Prototypes) -> Vectors:
    """Return how like texts (..., width) are to each topic (..., n_topics): -1 to 1, 1 for a text that is all the topic says."""
    middle = embeddings @ prototypes.centres.T
    nearest = np.maximum.reduceat(embeddings @ prototypes.vectors.T, prototypes.starts, axis=-1)
    return np.asarray((1 - NEAREST_SHARE) * middle + NEAREST_SHARE * nearest, dtype=np.float32)


def own_likeness(prototypes: Prototypes) -> Vectors:
    """Return how like each text (n_texts,) is to its own topic if it were not there; NaN for the descriptions."""
    found = np.full(len(prototypes.vectors), np.nan, dtype=np.float32)
    for start, end in pairwise([*prototypes.starts.tolist(), len(found)]):
        rows = prototypes.vectors[start:end]
        among = rows @ rows.T
        np.fill_diagonal(among, -np.inf)
        for place in range(1, end - start):
            middle = centre(np.delete(rows, place, axis=0)) @ rows[place]
            found[start + place] = (1 - NEAREST_SHARE) * middle + NEAREST_SHARE * among[place].max()
    return found


def fitted_threshold(prototypes: Prototypes) -> float:
    """Return the likeness below which a text is about none of the topics, as far as their own examples tell."""
    own = own_likeness(prototypes)
    known = own[~np.isnan(own)]
    return THRESHOLD_SHARE * float(np.median(known)) if len(known) >= _FEW else UNFITTED_THRESHOLD


def _spoken(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")
