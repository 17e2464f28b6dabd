"""Give a text its topics: from a trained head, or by likeness to what a taxonomy's topics are described by.

Reading taxonomies is left to `pipelines.taxonomy`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.heads import softmax
from pipelines.merging import merge_embeddings, merge_logits
from pipelines.reading import read_texts
from pipelines.records import Label
from pipelines.running import run_windows
from pipelines.taxonomy import OUT_OF_SCOPE, DescribedTaxonomy, Taxonomies, Taxonomy, TrainedTaxonomy
from pipelines.text.windows import Window

if TYPE_CHECKING:
    from pipelines.model import Model, WindowOutput

_log = logging.getLogger(__name__)

MOST_TOPICS = 3
_NEAREST = 2
"""How many of a topic's own texts a record is compared with: one may be a chance likeness, all would blur a wide topic."""

Chosen = tuple[Label | None, tuple[Label, ...]]
"""The topic, None where none is likely enough, and the likeliest ones, best first."""


@dataclass(frozen=True, slots=True)
class Prototypes:
    """The embedded words of a taxonomy: `vectors` (n_texts, width), all unit, by topic.

    `rows` (n_topics, most texts of a topic) says which are whose; places left over point behind the last one.
    """

    names: tuple[str, ...]
    rows: NDArray[np.intp]
    vectors: NDArray[np.float32]


def words_of(taxonomy: DescribedTaxonomy) -> list[list[str]]:
    """Return, for each topic, the texts that stand for it."""
    return [[f"{topic.title or topic.name}: {topic.description}", *topic.examples] for topic in taxonomy.topics]


def build_prototypes(taxonomy: DescribedTaxonomy, vectors: Sequence[NDArray[np.float32]]) -> Prototypes:
    """Arrange the unit vectors of all texts of `words_of`, in their order."""
    sizes = [len(texts) for texts in words_of(taxonomy)]
    rows = np.full((len(sizes), max(_NEAREST, *sizes)), sum(sizes), dtype=np.intp)
    for topic, (size, end) in enumerate(zip(sizes, np.cumsum(sizes).tolist(), strict=True)):
        rows[topic, :size] = np.arange(end - size, end)
        rows[topic, size:_NEAREST] = end - 1  # the only text of a topic counts as often as two of another
    return Prototypes(tuple(topic.name for topic in taxonomy.topics), rows, np.stack(vectors))


def choose_described(embedding: NDArray[np.float32], prototypes: Prototypes, *, threshold: float, temperature: float) -> Chosen:
    """Choose by likeness: the mean cosine of a topic's nearest texts.

    Scores are a softmax over the topics and "none of them", which stands at `threshold`; so a topic just above it is unsure.
    """
    cosines = np.append(prototypes.vectors @ embedding, np.float32(-1))[prototypes.rows]
    likeness = np.partition(cosines, -_NEAREST, axis=1)[:, -_NEAREST:].mean(axis=1)
    scores = softmax(np.append(likeness, threshold).astype(np.float32) / np.float32(temperature))[:-1]
    return _choose(scores, prototypes.names, is_likely=float(likeness.max()) >= threshold)


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
        self._prototypes: dict[str, Prototypes] = {}
        self._told: set[str] = set()

    def choose(self, name: str, outputs: Sequence["WindowOutput"], n_tokens: Sequence[int]) -> Chosen:
        """Choose the topics of a text from its windows; UnknownTaxonomy if there is none of that name."""
        taxonomy = self._taxonomy(name)
        if isinstance(taxonomy, TrainedTaxonomy):
            return self._by_head(taxonomy, outputs, n_tokens)
        vectors = [output.embedding for output in outputs if output.embedding is not None]
        if len(vectors) != len(outputs):
            return self._unable(name, "makes no embeddings to match its topics by")
        prototypes = self._prototypes_of(taxonomy)
        embedding = merge_embeddings(vectors, n_tokens)
        return choose_described(embedding, prototypes, threshold=taxonomy.threshold, temperature=taxonomy.temperature)

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

    def _prototypes_of(self, taxonomy: DescribedTaxonomy) -> Prototypes:
        if taxonomy.name not in self._prototypes:
            texts = [text for topic in words_of(taxonomy) for text in topic]
            self._prototypes[taxonomy.name] = build_prototypes(taxonomy, self._embed(texts))
        return self._prototypes[taxonomy.name]

    def _embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        readings = read_texts(texts, model=self._model)
        windows = [tokens.window(*window) for tokens, ranges in readings for window in ranges]
        outputs = iter(run_windows(windows, model=self._model, token_budget=self._token_budget))
        return [self._merge([next(outputs) for _ in ranges], ranges) for _, ranges in readings]

    def _merge(self, outputs: Sequence["WindowOutput"], ranges: Sequence[Window]) -> NDArray[np.float32]:
        vectors = [output.embedding for output in outputs if output.embedding is not None]
        return merge_embeddings(vectors, [stop - start for start, stop in ranges])
