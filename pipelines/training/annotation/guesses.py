"""Ask a model what it would answer, and how sure it is; choosing by that is left to `picking`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.heads import decode_tags, towards_span
from pipelines.mentions import LEAST_SCORE
from pipelines.merging import merge_embeddings, merge_logits
from pipelines.reading import Reading, read_documents
from pipelines.records import TARGETS, Document, Kind
from pipelines.running import run_windows
from pipelines.text.windows import stitch
from pipelines.training.data import Span
from pipelines.training.tasks import ENTITIES, Task, TaskKind

if TYPE_CHECKING:
    from pipelines.model import Model, WindowOutput
    from pipelines.topics import TopicChooser

AT_ONCE = 256
"""Texts read before progress is told."""
_OVERLAP = 32
SURE = 1.0


@dataclass(frozen=True, slots=True)
class Guess:
    """What a model would answer to one text.

    `margin` is by how much its best answer is likelier than its second, 0 to 1: of spans, where it is least sure. `vector` is the
    text's embedding, None where the model makes none.
    """

    label: str = ""
    score: float = 0.0
    spans: tuple[Span, ...] = ()
    margin: float = SURE
    vector: NDArray[np.float32] | None = None


Judge = Callable[[Reading, Sequence["WindowOutput"]], Guess]
"""Makes a guess of a text and what the model said of its windows; the vector is added by `guess`."""


def guess(
    texts: Sequence[str], *, judge: Judge | None, model: "Model", token_budget: int = 2048, told: Callable[[int], None] = lambda _: None
) -> list[Guess | None]:
    """Return a guess for each text, None for one with nothing to read; without a `judge` only vectors. `told` hears how many are done."""
    found: list[Guess | None] = []
    for start in range(0, len(texts), AT_ONCE):
        documents = [Document(0, Kind.NEWS, text, "") for text in texts[start : start + AT_ONCE]]
        readings = read_documents(documents, model=model, overlap=_OVERLAP)
        windows = [one.tokens.window(*window) for one in readings if isinstance(one, Reading) for window in one.windows]
        outputs = iter(run_windows(windows, model=model, token_budget=token_budget))
        found += [_guess(one, [next(outputs) for _ in one.windows], judge) if isinstance(one, Reading) else None for one in readings]
        told(len(found))
    return found


def judge_of(task: Task, model: "Model", *, chooser: "TopicChooser | None" = None, taxonomy: str = "") -> Judge | None:
    """Return how to guess answers of a task; None if the model knows nothing of it. `chooser` guesses topics of a taxonomy."""
    if chooser is not None:
        return _described(chooser, taxonomy)
    if task.kind in (TaskKind.SENTIMENT, TaskKind.TOPICS):
        return _labelled(task.name, model) if task.name in model.labels else None
    if ENTITIES not in model.labels or (task.kind is TaskKind.TARGETS and TARGETS not in model.labels):
        return None
    return _mentions(model) if task.kind is TaskKind.ENTITIES else _targets(model)


def _guess(reading: Reading, outputs: list["WindowOutput"], judge: Judge | None) -> Guess:
    found = judge(reading, outputs) if judge else Guess()
    vectors = [output.embedding for output in outputs if output.embedding is not None]
    vector = merge_embeddings(vectors, _sizes(reading)) if len(vectors) == len(outputs) else None
    return Guess(found.label, found.score, found.spans, found.margin, vector)


def _labelled(head: str, model: "Model") -> Judge:
    def judge(reading: Reading, outputs: Sequence["WindowOutput"]) -> Guess:
        scores = merge_logits([output.logits[head] for output in outputs], _sizes(reading))
        best = int(scores.argmax())
        name = model.labels[head][best]
        return Guess(name.lower() if head.startswith("sentiment") else name, float(scores[best]), margin=_margin(scores))

    return judge


def _described(chooser: "TopicChooser", taxonomy: str) -> Judge:
    def judge(reading: Reading, outputs: Sequence["WindowOutput"]) -> Guess:
        _, likely = chooser.choose(taxonomy, outputs, _sizes(reading))
        scores = np.array([*(one.score for one in likely), 0.0], dtype=np.float32)
        return Guess(likely[0].label, likely[0].score, margin=_margin(scores)) if likely else Guess()

    return judge


def _mentions(model: "Model") -> Judge:
    names = model.labels[ENTITIES]

    def judge(reading: Reading, outputs: Sequence["WindowOutput"]) -> Guess:
        rows = _stitched([output.tags for output in outputs], reading)
        if rows is None:
            return Guess()
        spans = tuple(_span(reading, start, end, group) for start, end, group, score in decode_tags(rows, names) if score >= LEAST_SCORE)
        starts = rows[np.array(reading.tokens.word_starts, dtype=bool)]
        margin = min(map(_margin, np.exp(starts)), default=SURE)
        return Guess(spans=spans, score=margin, margin=margin)

    return judge


def _targets(model: "Model") -> Judge:
    def judge(reading: Reading, outputs: Sequence["WindowOutput"]) -> Guess:
        rows, targets = (_stitched(parts, reading) for parts in ([one.tags for one in outputs], [one.targets for one in outputs]))
        if rows is None or targets is None:
            return Guess()
        spans, margins = [], [SURE]
        for start, end, _, score in decode_tags(rows, model.labels[ENTITIES]):
            scores = towards_span(targets, start, end)
            if scores is not None and score >= LEAST_SCORE:
                spans.append(_span(reading, start, end, model.labels[TARGETS][int(scores.argmax())]))
                margins.append(_margin(scores))
        return Guess(spans=tuple(spans), score=min(margins), margin=min(margins))

    return judge


def _stitched(parts: Sequence[NDArray[np.float32] | None], reading: Reading) -> NDArray[np.float32] | None:
    known = [part for part in parts if part is not None]
    return stitch(known, reading.windows, reading.tokens.word_starts) if known and len(known) == len(parts) else None


def _span(reading: Reading, start: int, end: int, label: str) -> Span:
    """Turn token positions into characters of the text, without the space that some tokenizers count to a word."""
    shown, offsets = reading.draft.shown, reading.tokens.offsets
    left, right = offsets[start][0], offsets[end - 1][1]
    left += len(shown.text[left:right]) - len(shown.text[left:right].lstrip())
    return Span(*shown.span(left, right), label)


def _margin(scores: NDArray[np.float32]) -> float:
    if len(scores) == 1:
        return SURE
    second, first = np.partition(scores, -2)[-2:]
    return float(first - second)


def _sizes(reading: Reading) -> list[int]:
    return [stop - start for start, stop in reading.windows]
