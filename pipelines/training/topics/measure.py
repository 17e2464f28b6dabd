"""Measure a described taxonomy on labelled rows, as serving would answer; how figures are defined is left to `evaluation`."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.embedding import Told
from pipelines.prototypes import Vectors
from pipelines.taxonomy import OUT_OF_SCOPE, DescribedTaxonomy
from pipelines.training.data import Example
from pipelines.training.evaluation.choices import Choices
from pipelines.training.evaluation.label_scores import LabelScores, score_choices
from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.topics.embedded import Embedded

N_STEPS = 7
"""Thresholds that are tried, from none to twice the taxonomy's own."""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What a threshold is worth: `coverage` is the share of rows that get a topic, `accuracy` holds among those."""

    threshold: float
    coverage: float
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A taxonomy's figures: `forced` where every text takes its likeliest topic, `served` where one below the threshold takes none."""

    taxonomy: str
    threshold: float
    coverage: float
    forced: Evaluation
    served: Evaluation
    thresholds: tuple[AtThreshold, ...]


def measure(embedded: Embedded, examples: Sequence[Example], *, file: str, tell: Told = lambda _: None) -> Measured:
    """Measure on rows whose labels are names or titles of topics; `out_of_scope` says that a row is about none of them.

    A label that the taxonomy does not know counts as wrong and is told in a note; ValueError where it knows none of them.
    """
    known = labels_of(embedded.taxonomy)
    truth = [known.get(key(example.label), example.label) for example in examples]
    if not set(truth) & set(known.values()):
        raise ValueError(f"{file}: no label is a topic of {embedded.taxonomy.name}: {truth[0]!r} is none of {', '.join(embedded.names)}")
    alike = embedded.likeness([example.text for example in examples], tell=tell)
    labels = (*embedded.names, OUT_OF_SCOPE, *sorted(set(truth) - {*embedded.names, OUT_OF_SCOPE}))
    made = _Rows(embedded, labels, np.array([labels.index(label) for label in truth], dtype=np.intp), alike)
    notes = _notes(Counter(label for label in truth if label not in {*embedded.names, OUT_OF_SCOPE}))
    name = embedded.taxonomy.name

    def evaluation(threshold: float) -> Evaluation:
        choices = made.choices(threshold)
        return Evaluation(name, file, score_choices(choices), notes, embedded.model.ref, choices, examples)

    tried = sorted({*np.linspace(0, 2 * max(embedded.threshold, 0.05), N_STEPS).round(3).tolist(), round(embedded.threshold, 3)})
    return Measured(
        name,
        embedded.threshold,
        float((alike.max(axis=1) >= embedded.threshold).mean()),
        evaluation(-np.inf),
        evaluation(embedded.threshold),
        tuple(made.at(threshold) for threshold in tried),
    )


def labels_of(taxonomy: DescribedTaxonomy) -> Mapping[str, str]:
    """Return the name of a topic by each way that a row may write it: its name or title, in any case and punctuation."""
    titles = {key(topic.title): topic.name for topic in taxonomy.topics if topic.title}
    return {**titles, **{key(topic.name): topic.name for topic in taxonomy.topics}, key(OUT_OF_SCOPE): OUT_OF_SCOPE}


def key(label: str) -> str:
    """Return what a label is compared by."""
    return " ".join(re.findall(r"\w+", label.replace("_", " ").casefold()))


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows' truth, as indices into `labels`, and their likeness (n_rows, n_topics) to the topics, which come first there."""

    embedded: Embedded
    labels: tuple[str, ...]
    truth: np.ndarray
    alike: Vectors

    def choices(self, threshold: float) -> Choices:
        """Return what is chosen at a threshold; none of the topics counts as out of scope."""
        n = len(self.embedded.names)
        given = np.where(self.alike.max(axis=1) >= threshold, self.alike.argmax(axis=1), n).astype(np.intp)
        probabilities = np.zeros((len(given), len(self.labels)), dtype=np.float32)
        probabilities[:, : n + 1] = self.embedded.scores(self.alike)
        rows = np.arange(len(given), dtype=np.intp)
        return Choices(self.labels, self.truth, given, probabilities, rows, len(given))

    def at(self, threshold: float) -> AtThreshold:
        """Return what a threshold is worth."""
        choices = self.choices(threshold)
        sure = choices.given != len(self.embedded.names)
        right = (choices.given == choices.truth)[sure]
        macro = choices.figures()["macro_f1"]
        return AtThreshold(threshold, float(sure.mean()), float(right.mean()) if len(right) else 0.0, macro)


def _notes(strange: Counter[str]) -> tuple[str, ...]:
    if not strange:
        return ()
    most = ", ".join(f"{label} ({n:,})" for label, n in strange.most_common(5))
    return (f"labels that the taxonomy does not know count as wrong ({strange.total():,} rows): {most}; rename them to a topic",)


def scores_of(evaluation: Evaluation) -> LabelScores:
    """Return the figures of an evaluation of topics."""
    assert isinstance(evaluation.scores, LabelScores)
    return evaluation.scores
