"""The whole chain for a batch of documents: make ready (pre), run the model (core), draw the results together (post).

Loading a model is left to `pipelines.model`, storing results to the caller.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pipelines.errors import ModelUnavailable, UnknownTaxonomy
from pipelines.heads import decode_tags
from pipelines.mentions import Judge, TokenSpan, combine, judge_by, judge_nothing, mentions_of_model, mentions_of_patterns
from pipelines.merging import Array, merge_logits
from pipelines.reading import Reading, read_documents
from pipelines.records import SENTIMENTS, TARGETS, Analysis, Document, Failure, Kind, Label, Mention
from pipelines.running import run_windows
from pipelines.taxonomy import Taxonomies
from pipelines.text.language import detect_language
from pipelines.text.windows import stitch
from pipelines.topics import TopicChooser

if TYPE_CHECKING:
    from pipelines.model import Model, WindowOutput


class Analyzer:
    """A model with its taxonomies; for one thread at a time.

    It needs no server, queue or database:

    analyzer = Analyzer(load_model(), taxonomies=read_taxonomies())
    [outcome] = analyzer.analyze([Document(1, Kind.NEWS, "Shares fell.", "finance-desk")])
    """

    def __init__(self, model: "Model", *, taxonomies: Taxonomies, token_budget: int = 2048, window_overlap: int = 32) -> None:
        """Take a loaded model. `token_budget`: most padded tokens a micro-batch; `window_overlap`: tokens that neighbours share.

        ModelUnavailable for a model without a sentiment head.
        """
        self.model = model
        self.taxonomies = taxonomies
        self.token_budget = token_budget
        self.window_overlap = window_overlap
        self._sentiment_heads = {kind: _sentiment_head(model, kind) for kind in Kind}
        self._topics = TopicChooser(model, taxonomies=taxonomies, token_budget=token_budget)

    def analyze(self, documents: Sequence[Document]) -> list[Analysis | Failure]:
        """Analyse documents: one result each, in their order. A Retryable error is raised for all of them."""
        readings = self.pre(documents)
        outputs = iter(self.core([one for one in readings if isinstance(one, Reading)]))
        return [self.post(one, next(outputs)) if isinstance(one, Reading) else one for one in readings]

    def warm_up(self) -> None:
        """Run the model, the patterns, the language model and every taxonomy once, so that no record pays for them."""
        self.model.warm_up()
        text = "Bellwether reads the news of the morning; call +1 650 253 0000 for more."
        self.analyze([Document(0, kind, text, taxonomy) for taxonomy in self.taxonomies for kind in Kind])

    def pre(self, documents: Sequence[Document]) -> list[Reading | Failure]:
        """Make documents ready: needs no device, but the model's tokenizer."""
        return read_documents([*documents], model=self.model, overlap=self.window_overlap)

    def core(self, readings: Sequence[Reading]) -> list[list["WindowOutput"]]:
        """Run every window of every document; return each document's outputs, in order."""
        windows = [one.tokens.window(*window) for one in readings for window in one.windows]
        outputs = run_windows(windows, model=self.model, token_budget=self.token_budget)
        ends = np.cumsum([0, *(len(one.windows) for one in readings)]).tolist()
        return [outputs[start:end] for start, end in pairwise(ends)]

    def post(self, reading: Reading, outputs: Sequence["WindowOutput"]) -> Analysis | Failure:
        """Merge a document's windows and name what was found; a Failure if its taxonomy is not installed."""
        document = reading.draft.document
        n_tokens = [stop - start for start, stop in reading.windows]
        scores = self._sentiment(document.kind, outputs, n_tokens)
        try:
            topic, topics = self._topics.choose(document.taxonomy, outputs, n_tokens)
        except UnknownTaxonomy as error:
            return Failure(document.id, error)
        best = max(SENTIMENTS, key=scores.__getitem__)
        return Analysis(
            document_id=document.id,
            model=self.model.ref,
            sentiment=Label(best, scores[best]),
            sentiment_scores=scores,
            taxonomy=document.taxonomy,
            topic=topic,
            topics=topics,
            mentions=self._mentions(reading, outputs),
            language=document.language or detect_language(reading.draft.plain.text),
            n_tokens=len(reading.tokens),
            n_windows=len(reading.windows),
        )

    def _sentiment(self, kind: Kind, outputs: Sequence["WindowOutput"], n_tokens: Sequence[int]) -> dict[str, float]:
        head = self._sentiment_heads[kind]
        merged = merge_logits([output.logits[head] for output in outputs], n_tokens)
        by_name = dict(zip(map(str.lower, self.model.labels[head]), merged.tolist(), strict=True))
        return {name: by_name.get(name, 0.0) for name in SENTIMENTS}

    def _mentions(self, reading: Reading, outputs: Sequence["WindowOutput"]) -> tuple[Mention, ...]:
        draft = reading.draft
        spans = self._token_spans(reading, [output.tags for output in outputs if output.tags is not None])
        judge = self._judge(reading, [output.targets for output in outputs if output.targets is not None])
        guessed = mentions_of_model(spans, reading.tokens.offsets, draft.shown, n_before=len(draft.before), judge=judge)
        return combine(mentions_of_patterns(draft.found, draft.plain, places=reading.places, judge=judge), guessed)

    def _judge(self, reading: Reading, targets: Sequence[Array]) -> Judge:
        names = self.model.labels.get(TARGETS)
        if not names or len(targets) != len(reading.windows):
            return judge_nothing
        return judge_by(stitch(targets, reading.windows, reading.tokens.word_starts), names)

    def _token_spans(self, reading: Reading, tags: Sequence[Array]) -> Iterator[TokenSpan]:
        names = self.model.labels.get("entities")
        if not names or len(tags) != len(reading.windows):
            return
        rows = stitch(tags, reading.windows, reading.tokens.word_starts)
        if (rows.argmax(axis=-1) != names.index("O")).any():  # most short texts name nobody
            yield from decode_tags(rows, names)


def _sentiment_head(model: "Model", kind: Kind) -> str:
    """Return the head that judges texts of a kind, or the one that judges all."""
    for head in (f"sentiment_{kind}", "sentiment"):
        if set(SENTIMENTS) & set(map(str.lower, model.labels.get(head, ()))):
            return head
    found = "; ".join(f"{head}: {', '.join(labels)}" for head, labels in model.labels.items()) or "nothing"
    wanted = ", ".join(SENTIMENTS)
    raise ModelUnavailable(f"model {model.ref.name} has no head that says {wanted}, but {found}; map its names by `labels` in the catalog")
