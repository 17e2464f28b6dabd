"""Measure a loaded model on development files: any model of the catalog, through the same door as serving."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipelines.batching import micro_batches
from pipelines.heads import decode_tags, softmax
from pipelines.model import Model, WindowOutput
from pipelines.tokens import Tokens
from pipelines.training.data import Example, Span, read_examples
from pipelines.training.scores import LabelScores, SpanScores, score_labels, score_spans
from pipelines.training.tasks import ENTITIES, task_of

Answer = list[tuple[Tokens, WindowOutput]]
"""The windows of one text, each with what the model said of it."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one file."""

    task: str
    file: str
    scores: LabelScores | SpanScores

    def to_row(self) -> dict[str, str | float]:
        """Return one flat mapping, for a table or JSON."""
        return {"task": self.task, "file": self.file, **{name: round(value, 4) for name, value in asdict(self.scores).items()}}

    def headline(self) -> str:
        """Return the figures as one line of percentages."""
        figures = {name: value for name, value in asdict(self.scores).items() if name != "n"}
        return ", ".join(f"{name.replace('_', ' ')} {value:.1%}" for name, value in figures.items())


def evaluate_file(model: Model, path: Path, *, token_budget: int = 1_500, limit: int | None = None) -> Evaluation:
    """Measure `model` on the first `limit` rows of one file; ValueError if it has no head for the file's task."""
    task = task_of(path).name
    if task not in model.labels:
        raise ValueError(f"model {model.ref.name} has no head {task!r}; it has {', '.join(model.labels)}")
    examples = read_examples(path)[:limit]
    answers = answer(model, examples, token_budget=token_budget)
    scores = _score_spans(model, examples, answers) if task == ENTITIES else _score_labels(model, task, examples, answers)
    return Evaluation(task, path.name, scores)


def answer(model: Model, examples: Sequence[Example], *, token_budget: int = 1_500) -> list[Answer]:
    """Run `model` over whole texts, in windows that do not overlap; one answer an example, in order."""
    texts = model.tokenize([example.text for example in examples])
    windows = [(row, window) for row, tokens in enumerate(texts) for window in _windows(tokens, model.window_tokens)]
    outputs = _run(model, [window for _, window in windows], token_budget=token_budget)
    answers: list[Answer] = [[] for _ in examples]
    for (row, window), output in zip(windows, outputs, strict=True):
        answers[row].append((window, output))
    return answers


def spans_of(parts: Answer, names: Sequence[str]) -> list[Span]:
    """Decode the mentions of one text, in its own offsets."""
    return [
        Span(window.offsets[start][0], window.offsets[end - 1][1], group)
        for window, output in parts
        if output.tags is not None
        for start, end, group, _ in decode_tags(output.tags, names)
    ]


def _windows(tokens: Tokens, size: int) -> list[Tokens]:
    return [tokens.window(start, start + size) for start in range(0, max(1, len(tokens)), size)]


def _run(model: Model, windows: Sequence[Tokens], *, token_budget: int) -> list[WindowOutput]:
    found: dict[int, WindowOutput] = {}
    for batch in micro_batches([len(window) + 2 for window in windows], token_budget=token_budget):
        found.update(zip(batch, model.forward([windows[index] for index in batch]), strict=True))
    return [found[index] for index in range(len(windows))]


def _score_labels(model: Model, task: str, examples: Sequence[Example], answers: Sequence[Answer]) -> LabelScores:
    names = model.labels[task]
    given = [names[int(np.mean([softmax(output.logits[task]) for _, output in parts], axis=0).argmax())] for parts in answers]
    return score_labels([example.label for example in examples], given)


def _score_spans(model: Model, examples: Sequence[Example], answers: Sequence[Answer]) -> SpanScores:
    given = [spans_of(parts, model.labels[ENTITIES]) for parts in answers]
    return score_spans([example.text for example in examples], [example.spans for example in examples], given)
