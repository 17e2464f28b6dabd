"""Explain the topic of a text: the words that moved a trained head, or the texts of a described taxonomy that were near.

Choosing a topic is left to `pipelines.topics`, weighing words to `explainer`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.explain.explainer import Explainer
from pipelines.explain.values import Match, TopicExplanation, Unexplainable
from pipelines.merging import merge_embeddings
from pipelines.reading import Reading, read_texts
from pipelines.running import run_windows
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies
from pipelines.topics import TopicChooser, words_of

if TYPE_CHECKING:
    from pipelines.model import Model, WindowOutput

N_MATCHES = 3
"""How many texts of the likeliest topic are shown; of the others one, to show what was not as near."""


def explain_topic(
    reading: Reading, *, explainer: Explainer, taxonomies: Taxonomies, label: str | None = None, against: str | None = None
) -> TopicExplanation:
    """Explain the topic that a document's taxonomy gives it; `label` and `against` choose what a trained head's words are weighed for.

    UnknownTaxonomy if it is not installed, Unexplainable if the model has neither a head nor embeddings for it.
    """
    model, budget, name = explainer.model, explainer.token_budget, reading.draft.document.taxonomy
    windows = [reading.tokens.window(*window) for window in reading.windows]
    outputs = run_windows(windows, model=model, token_budget=budget)
    chosen, likely = TopicChooser(model, taxonomies=taxonomies, token_budget=budget).choose(name, outputs, list(map(len, windows)))
    if not likely:
        raise Unexplainable(f"model {model.ref.name} gives no topics of {name}; `bellwether topics list` shows the taxonomies")
    topic, scores = chosen.label if chosen else None, {one.label: one.score for one in likely}
    described = taxonomies[name] if name in taxonomies else None  # noqa: SIM401  (`get` raises for an unknown name, too)
    if isinstance(described, DescribedTaxonomy):
        vector = _vector(outputs, list(map(len, windows)))
        matches = _matches(described, vector, names=list(scores), model=model, token_budget=budget)
        return TopicExplanation(name, "described", topic, scores, matches=matches)
    head = described.head if described else f"topics_{name}"
    words = explainer.head(reading, head, label=label, against=against)
    return TopicExplanation(name, "trained", topic, scores, words=words)


def _matches(
    taxonomy: DescribedTaxonomy, vector: NDArray[np.float32], *, names: Sequence[str], model: "Model", token_budget: int
) -> tuple[Match, ...]:
    texts = {topic.name: own for topic, own in zip(taxonomy.topics, words_of(taxonomy), strict=True)}
    found = []
    for name in names:
        wanted = N_MATCHES if name == names[0] else 1
        near = embed(texts[name], model=model, token_budget=token_budget) @ vector
        best = sorted(range(len(near)), key=lambda index: -near[index])[:wanted]
        found += [Match(name, "example" if index else "description", texts[name][index], float(near[index])) for index in best]
    return tuple(found)


def embed(texts: Sequence[str], *, model: "Model", token_budget: int) -> NDArray[np.float32]:
    """Return the unit vectors (n_texts, width) of bare texts; Unexplainable if the model makes none."""
    readings = read_texts(texts, model=model)
    windows = [tokens.window(*window) for tokens, ranges in readings for window in ranges]
    outputs = iter(run_windows(windows, model=model, token_budget=token_budget))
    return np.stack([_vector([next(outputs) for _ in ranges], [stop - start for start, stop in ranges]) for _, ranges in readings])


def _vector(outputs: Sequence["WindowOutput"], n_tokens: Sequence[int]) -> NDArray[np.float32]:
    vectors = [output.embedding for output in outputs if output.embedding is not None]
    if len(vectors) != len(outputs):
        raise Unexplainable("the model makes no embeddings")
    return merge_embeddings(vectors, n_tokens)
