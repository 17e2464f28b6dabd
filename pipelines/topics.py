"""Give a text its topics: from a trained head, or by likeness to what a taxonomy's topics are described by.

Reading taxonomies is left to `pipelines.taxonomy`.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.embedding import embed_texts
from pipelines.heads import softmax
from pipelines.merging import merge_embeddings, merge_logits
from pipelines.prototypes import Prototypes, build_prototypes, fitted_threshold, likeness, words_of
from pipelines.records import Label
from pipelines.taxonomy import OUT_OF_SCOPE, DescribedTaxonomy, Taxonomies, Taxonomy, TrainedTaxonomy

if TYPE_CHECKING:
    from pipelines.model import Model, WindowOutput

__all__ = ["MOST_TOPICS", "Chosen", "TopicChooser", "choose_described", "choose_trained", "described_prototypes", "words_of"]

_log = logging.getLogger(__name__)

MOST_TOPICS = 3

Chosen = tuple[Label | None, tuple[Label, ...]]
"""The topic, None where none is likely enough, and the likeliest ones, best first."""


def choose_described(embedding: NDArray[np.float32], prototypes: Prototypes, *, threshold: float, temperature: float) -> Chosen:
    """Choose the topic that a text is most like.

    Scores are a softmax over the topics and "none of them", which stands at `threshold`; so a topic just above it is unsure.
    """
    found = likeness(embedding, prototypes)
    scores = softmax(np.append(found, threshold).astype(np.float32) / np.float32(temperature))[:-1]
    return _choose(scores, prototypes.names, is_likely=float(found.max()) >= threshold)


def choose_trained(probabilities: NDArray[np.float32], names: Sequence[str], *, threshold: float) -> Chosen:
    """Choose the likeliest label of a head; none where it is unlikely, or where it says that the text is about none of them."""
    best = int(probabilities.argmax())
    return _choose(probabilities, names, is_likely=names[best] != OUT_OF_SCOPE and float(probabilities[best]) >= threshold)


def _choose(scores: NDArray[np.float32], names: Sequence[str], *, is_likely: bool) -> Chosen:
    best = np.argsort(-scores, kind="stable")[:MOST_TOPICS]
    labels = tuple(Label(names[index], float(scores[index])) for index in best)
    return (labels[0] if is_likely else None), labels


class TopicChooser:
    """The topics of a model: its heads by taxonomy, and the embedded words of described taxonomies, each made once."""

    def __init__(self, model: "Model", *, taxonomies: Taxonomies, token_budget: int) -> None:
        """Take a loaded model; `token_budget` is the most padded tokens a micro-batch."""
        self._model = model
        self._taxonomies = taxonomies
        self._token_budget = token_budget
        self._prototypes: dict[str, tuple[Prototypes, float]] = {}
        self._told: set[str] = set()

    def choose(self, name: str, outputs: Sequence["WindowOutput"], n_tokens: Sequence[int]) -> Chosen:
        """Choose the topics of a text from its windows; UnknownTaxonomy if there is none of that name."""
        taxonomy = self._taxonomy(name)
        if isinstance(taxonomy, TrainedTaxonomy):
            return self._by_head(taxonomy, outputs, n_tokens)
        vectors = [output.embedding for output in outputs if output.embedding is not None]
        if len(vectors) != len(outputs):
            return self._unable(name, "makes no embeddings to match its topics by")
        prototypes, threshold = self._prototypes_of(taxonomy)
        embedding = merge_embeddings(vectors, n_tokens)
        return choose_described(embedding, prototypes, threshold=threshold, temperature=taxonomy.temperature)

    def _taxonomy(self, name: str) -> Taxonomy:
        """A model may bring the topics of a taxonomy that nobody described; otherwise it must be installed."""
        head = f"topics_{name}"
        if name not in self._taxonomies and head in self._model.labels:
            return TrainedTaxonomy(name=name, kind="trained", head=head)
        return self._taxonomies[name]

    def _by_head(self, taxonomy: TrainedTaxonomy, outputs: Sequence["WindowOutput"], n_tokens: Sequence[int]) -> Chosen:
        if taxonomy.head not in self._model.labels:
            return self._unable(taxonomy.name, f"has no head {taxonomy.head!r}")
        merged = merge_logits([output.logits[taxonomy.head] for output in outputs], n_tokens)
        threshold = taxonomy.threshold
        if threshold is None:
            threshold = self._model.thresholds.get(taxonomy.head, 0.0)
        return choose_trained(merged, self._model.labels[taxonomy.head], threshold=threshold)

    def _unable(self, taxonomy: str, why: str) -> Chosen:
        if taxonomy not in self._told:
            self._told.add(taxonomy)
            _log.warning("taxonomy %s gives no topics: model %s %s", taxonomy, self._model.ref.name, why)
        return None, ()

    def _prototypes_of(self, taxonomy: DescribedTaxonomy) -> tuple[Prototypes, float]:
        if taxonomy.name not in self._prototypes:
            self._prototypes[taxonomy.name] = described_prototypes(taxonomy, model=self._model, token_budget=self._token_budget)
        return self._prototypes[taxonomy.name]


def described_prototypes(taxonomy: DescribedTaxonomy, *, model: "Model", token_budget: int) -> tuple[Prototypes, float]:
    """Embed the words of a taxonomy; return them with its threshold: its own, or one fitted to its examples.

    ModelUnavailable if the model makes no embeddings.
    """
    texts = [text for topic in words_of(taxonomy) for text in topic]
    prototypes = build_prototypes(taxonomy, list(embed_texts(texts, model=model, token_budget=token_budget)))
    return prototypes, fitted_threshold(prototypes) if taxonomy.threshold is None else taxonomy.threshold
