"""Explain the topic of a text: the words that moved a trained head, or the texts of a described taxonomy that were near.

Choosing a topic is left to `pipelines.topics`, weighing words to `explainer`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipelines.explain.explainer import Explainer
from pipelines.explain.values import Match, TopicExplanation, Unexplainable
from pipelines.merging import merge_embeddings
from pipelines.prototypes import Prototypes, Vectors, likeness, words_of
from pipelines.reading import Reading
from pipelines.records import Label
from pipelines.running import run_windows
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies
from pipelines.topics import TopicChooser, choose_described, described_prototypes

if TYPE_CHECKING:
    from pipelines.model import WindowOutput

N_MATCHES = 3
"""How many texts of the likeliest topic are shown; of the others one, to show what was not as near."""


def explain_topic(reading: Reading, *, explainer: Explainer, taxonomies: Taxonomies) -> TopicExplanation:
    """Explain the topic that a document's taxonomy gives it.

    UnknownTaxonomy if it is not installed, Unexplainable if the model has neither a head nor embeddings for it.
    """
    name = reading.draft.document.taxonomy
    windows = [reading.tokens.window(*window) for window in reading.windows]
    outputs = run_windows(windows, model=explainer.model, token_budget=explainer.token_budget)
    sizes = [len(window) for window in windows]
    described = taxonomies[name] if name in taxonomies else None  # noqa: SIM401  (`get` raises for an unknown name, too)
    if isinstance(described, DescribedTaxonomy):
        return _by_likeness(described, _vector(outputs, sizes, taxonomy=name), explainer)
    chooser = TopicChooser(explainer.model, taxonomies=taxonomies, token_budget=explainer.token_budget)
    chosen, likely = chooser.choose(name, outputs, sizes)
    if not likely:
        raise Unexplainable(f"model {explainer.model.ref.name} knows no topics of {name}")
    words = explainer.head(reading, described.head if described else f"topics_{name}")
    return TopicExplanation(name, "trained", chosen.label if chosen else None, _by_name(likely), words=words)


def _by_likeness(taxonomy: DescribedTaxonomy, vector: Vectors, explainer: Explainer) -> TopicExplanation:
    prototypes, threshold = described_prototypes(taxonomy, model=explainer.model, token_budget=explainer.token_budget)
    chosen, likely = choose_described(vector, prototypes, threshold=threshold, temperature=taxonomy.temperature)
    like = dict(zip(prototypes.names, likeness(vector, prototypes).tolist(), strict=True))
    return TopicExplanation(
        taxonomy.name,
        "described",
        chosen.label if chosen else None,
        _by_name(likely),
        likeness={one.label: like[one.label] for one in likely},
        threshold=threshold,
        matches=_matches(taxonomy, prototypes, vector, names=[one.label for one in likely]),
    )


def _matches(taxonomy: DescribedTaxonomy, prototypes: Prototypes, vector: Vectors, *, names: Sequence[str]) -> tuple[Match, ...]:
    texts = dict(zip(prototypes.names, words_of(taxonomy), strict=True))
    starts = dict(zip(prototypes.names, prototypes.starts.tolist(), strict=True))
    cosines = prototypes.vectors @ vector
    found = []
    for name in names:
        near = cosines[starts[name] : starts[name] + len(texts[name])]
        best = np.argsort(-near, kind="stable")[: N_MATCHES if name == names[0] else 1].tolist()
        found += [Match(name, "example" if index else "description", texts[name][index], float(near[index])) for index in best]
    return tuple(found)


def _vector(outputs: Sequence["WindowOutput"], n_tokens: Sequence[int], *, taxonomy: str) -> Vectors:
    vectors = [output.embedding for output in outputs if output.embedding is not None]
    if len(vectors) != len(outputs):
        raise Unexplainable(f"the model makes no embeddings to match the topics of {taxonomy} by")
    return merge_embeddings(vectors, n_tokens)


def _by_name(labels: Sequence[Label]) -> dict[str, float]:
    return {one.label: one.score for one in labels}
