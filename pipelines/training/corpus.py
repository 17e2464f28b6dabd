"""Read what the default model is taught: every task's training rows, some of them held out; one's own tasks are left to `own`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.records import SENTIMENTS
from pipelines.training.data import GROUPS, Example, read_examples
from pipelines.training.splits import held_out
from pipelines.training.tasks import SHIPPED, TaskKind, parse_task

HELD_OUT = 0.05
"""The share of the training rows that nobody learns from: temperatures, thresholds and balances are fitted on them."""

LEAST_ROWS = 5
"""A label with fewer rows is a slip of an annotator more often than something that can be learnt."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The rows of every task: those to learn from, those held out."""

    taught: Mapping[str, Sequence[Example]]
    held: Mapping[str, Sequence[Example]]


def read_corpus(folder: Path) -> Corpus:
    """Read `<task>.train.jsonl.gz` of every shipped task; FileNotFoundError for a missing one."""
    taught, held = {}, {}
    for name in SHIPPED:
        examples = _learnable(name, read_examples(folder / f"{name}.train.jsonl.gz"))
        taught[name], held[name] = held_out(examples, share=HELD_OUT)
    return Corpus(taught, held)


def labels_of(task: str, examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the names that a task's head puts out, in their order; the groups of an entity task."""
    kind = parse_task(task).kind
    if kind in (TaskKind.SENTIMENT, TaskKind.TARGETS):
        return SENTIMENTS
    return GROUPS if kind is TaskKind.ENTITIES else tuple(sorted({example.label for example in examples}))


def _learnable(task: str, examples: Sequence[Example]) -> list[Example]:
    if parse_task(task).kind is not TaskKind.TOPICS:
        return list(examples)
    counts = Counter(example.label for example in examples)
    return [example for example in examples if counts[example.label] >= LEAST_ROWS]
