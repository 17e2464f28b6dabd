"""Explain a model's answer about one text, in the words of the text; topics of described taxonomies are left to `topics`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.explain.occlusion import weigh_by_leaving_out
from pipelines.explain.question import Part, Question, about, whole_text
from pipelines.explain.values import By, Explanation, Place, Unexplainable, WordWeight
from pipelines.explain.words import Word, tokens_within, words_of
from pipelines.heads import softmax
from pipelines.merging import merge_logits
from pipelines.reading import Reading, read_documents
from pipelines.records import SENTIMENTS, TARGETS, Document, Failure
from pipelines.running import run_windows

if TYPE_CHECKING:
    from pipelines.explain.gradients import Gradients
    from pipelines.model import Model, WindowOutput


class Explainer:
    """A model, and how to weigh words for it."""

    def __init__(self, model: "Model", *, by: By | None = None, token_budget: int = 2048, window_overlap: int = 32) -> None:
        """Take a loaded model; `by` None weighs by gradients where the model has any, else by occlusion. Unexplainable if it has none."""
        self.model = model
        self._gradients = None if by is By.OCCLUSION else _gradients(model, is_needed=by is By.GRADIENTS)
        self.token_budget = token_budget
        self._overlap = window_overlap

    @property
    def by(self) -> By:
        """How words are weighed."""
        return By.OCCLUSION if self._gradients is None else By.GRADIENTS

    def read(self, document: Document) -> Reading:
        """Make a document ready, its title left aside; the failure's own error if there is nothing to read."""
        [reading] = read_documents([replace(document, title=None)], model=self.model, overlap=self._overlap)
        if isinstance(reading, Failure):
            raise reading.error
        return reading

    def head(self, reading: Reading, head: str, *, label: str | None = None, against: str | None = None) -> Explanation:
        """Explain what a head says of a whole text: `label` against `against`.

        Of a sentiment head, positive against negative unless told; of any other, the likeliest label against the next.
        """
        parts = whole_text(reading)
        outputs = self._run(parts)
        scores = self._named(head, merge_logits([output.logits[head] for output in outputs], [len(part.tokens) for part in parts]))
        return self._explain(reading, head, parts, scores=scores, pair=_pair(head, scores, label, against))

    def towards(self, reading: Reading, place: Place, *, label: str | None = None, against: str | None = None) -> Explanation:
        """Explain the sentiment towards what stands at `place`; Unexplainable if the model has no head for that."""
        if TARGETS not in self.model.labels:
            raise Unexplainable(f"model {self.model.ref.name} has no head {TARGETS}: leave out --towards, or take a model that has it")
        parts = about(reading, tokens_within(reading, place.start, place.end))
        if not parts:
            raise Unexplainable(f"the model can read nothing of {place.word!r}: ask about a word with letters or digits")
        rows = [output.targets[sorted(part.tokens.asked)] for part, output in zip(parts, self._run(parts), strict=True)]  # type: ignore[index]
        scores = self._named(TARGETS, softmax(np.concatenate(rows).mean(axis=0)))
        found = self._explain(reading, TARGETS, parts, scores=scores, pair=_pair(TARGETS, scores, label, against))
        return replace(found, towards=place)

    def _explain(
        self, reading: Reading, head: str, parts: tuple[Part, ...], *, scores: dict[str, float], pair: tuple[str, str]
    ) -> Explanation:
        names = [name.lower() if head.startswith("sentiment") else name for name in self.model.labels[head]]
        question = Question(head, names.index(pair[0]), names.index(pair[1]), parts)
        words = words_of(reading)
        blank = left_over = None
        if self._gradients is None:
            weights, full = weigh_by_leaving_out(question, words, reading, model=self.model, token_budget=self.token_budget)
        else:
            added, full, blank = self._gradients.weigh(question)
            weights = [sum(added.get(token, 0.0) for token in range(word.first, word.last)) for word in words]
            left_over = full - blank - sum(weights)
        weighed = (_weighed(reading, word, weight) for word, weight in zip(words, weights, strict=True))
        return Explanation(
            head=head,
            label_given=max(scores, key=scores.__getitem__),
            scores=scores,
            label=pair[0],
            against=pair[1],
            by=self.by,
            words=tuple(weighed),
            log_odds=full,
            log_odds_blank=blank,
            left_over=left_over,
        )

    def _run(self, parts: Sequence[Part]) -> list["WindowOutput"]:
        return run_windows([part.tokens for part in parts], model=self.model, token_budget=self.token_budget)

    def _named(self, head: str, probabilities: np.ndarray) -> dict[str, float]:
        lower = head.startswith("sentiment")
        return {name.lower() if lower else name: float(p) for name, p in zip(self.model.labels[head], probabilities, strict=True)}


def _weighed(reading: Reading, word: Word, weight: float) -> WordWeight:
    offsets = reading.tokens.offsets
    read_as = reading.draft.shown.text[offsets[word.first][0] : offsets[word.last - 1][1]].strip()
    return WordWeight(reading.draft.document.text[word.start : word.end], word.start, word.end, round(weight, 6), read_as)


def _gradients(model: "Model", *, is_needed: bool) -> "Gradients | None":
    from pipelines.model import BellwetherModel

    if isinstance(model, BellwetherModel):
        from pipelines.explain.gradients import Gradients

        return Gradients(model)
    if is_needed:
        raise Unexplainable(f"model {model.ref.name} gives no gradients, since it is not one of Bellwether's own: use --by occlusion")
    return None


def _pair(head: str, scores: dict[str, float], label: str | None, against: str | None) -> tuple[str, str]:
    """Choose the two labels that are weighed against each other; Unexplainable names the labels there are."""
    for name in (label, against):
        if name is not None and name not in scores:
            raise Unexplainable(f"{head} has no label {name!r}, but {', '.join(scores)}")
    if label is None and against is None and {SENTIMENTS[0], SENTIMENTS[-1]} <= set(scores):
        return SENTIMENTS[-1], SENTIMENTS[0]
    best = sorted(scores, key=lambda name: -scores[name])
    label = label or next(name for name in best if name != against)
    against = against or next((name for name in best if name != label), label)
    if label == against:
        raise Unexplainable(f"{head}: {label!r} can't be weighed against itself; give another label by --against")
    return label, against
