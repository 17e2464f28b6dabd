"""The tasks that a model can be taught, by name; their rows are read by `data`."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipelines.training.shipped import LESSONS


class TaskKind(StrEnum):
    """What a task asks of a text."""

    SENTIMENT = "sentiment"
    TOPICS = "topics"
    ENTITIES = "entities"
    TARGETS = "targets"


@dataclass(frozen=True, slots=True)
class Task:
    """A task: `name` is also that of the model's head and of its data files."""

    name: str
    kind: TaskKind


SENTIMENT_TARGETS = "sentiment_targets"
ENTITIES = "entities"
SHIPPED = tuple(LESSONS)
"""What the default model is taught, all in one run."""


def parse_task(name: str) -> Task:
    """Read a task's kind from its name; ValueError says how names begin."""
    if name == ENTITIES:
        return Task(name, TaskKind.ENTITIES)
    if name == SENTIMENT_TARGETS:
        return Task(name, TaskKind.TARGETS)
    if name == "sentiment" or name.startswith("sentiment_"):
        return Task(name, TaskKind.SENTIMENT)
    if name.startswith("topics_") and name != "topics_":
        return Task(name, TaskKind.TOPICS)
    raise ValueError(f"{name!r} is no task: name it {ENTITIES}, {SENTIMENT_TARGETS}, sentiment_<yours> or topics_<yours>")


def task_of(path: Path) -> Task:
    """Read the task from a file name such as `sentiment_news.dev.jsonl.gz`; ValueError says how names begin."""
    return parse_task(path.name.split(".")[0])
