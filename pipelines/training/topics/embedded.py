"""A taxonomy as a model sees it, and texts beside it; faults and figures are drawn from it elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.embedding import Told, embed_texts
from pipelines.heads import Scores, softmax
from pipelines.prototypes import Prototypes, Vectors, likeness
from pipelines.taxonomy import BadTaxonomy, DescribedTaxonomy, Taxonomies, Taxonomy, read_taxonomy
from pipelines.topics import described_prototypes

if TYPE_CHECKING:
    from pipelines.model import Model


@dataclass(frozen=True, slots=True)
class Embedded:
    """A described taxonomy with its words embedded by `model`; `threshold` is its own or, where it has none, the fitted one."""

    taxonomy: DescribedTaxonomy
    prototypes: Prototypes
    threshold: float
    model: "Model"
    token_budget: int

    @property
    def names(self) -> tuple[str, ...]:
        """The topics, in the order of every array here."""
        return self.prototypes.names

    def likeness(self, texts: Sequence[str], *, tell: Told = lambda _: None) -> Vectors:
        """Return how like each text is to each topic (n_texts, n_topics)."""
        return likeness(embed_texts(texts, model=self.model, token_budget=self.token_budget, tell=tell), self.prototypes)

    def scores(self, alike: Vectors) -> Scores:
        """Return the probability of each topic, and last of none of them (n_texts, n_topics + 1), as serving gives them."""
        none = np.full((len(alike), 1), self.threshold, dtype=np.float32)
        both = np.hstack([alike, none]).astype(np.float32)
        return softmax(np.asarray(both / np.float32(self.taxonomy.temperature), dtype=np.float32))


def read_described(name: str, *, installed: Taxonomies) -> DescribedTaxonomy:
    """Return the described taxonomy of a TOML file, or the installed one of that name; BadTaxonomy or UnknownTaxonomy if there is none."""
    is_file = name.endswith(".toml") or Path(name).exists()
    taxonomy: Taxonomy = read_taxonomy(Path(name)) if is_file else installed[name]
    if isinstance(taxonomy, DescribedTaxonomy):
        return taxonomy
    raise BadTaxonomy(
        f"{name} belongs to the trained head {taxonomy.head}, so there are no descriptions to look at; measure it with "
        f"`bellwether evaluate --task {taxonomy.head} --data FILE`"
    )


def embed_taxonomy(taxonomy: DescribedTaxonomy, *, model: "Model", token_budget: int = 2048) -> Embedded:
    """Embed the words of a taxonomy; ModelUnavailable if the model makes no embeddings."""
    prototypes, threshold = described_prototypes(taxonomy, model=model, token_budget=token_budget)
    return Embedded(taxonomy, prototypes, threshold, model, token_budget)
