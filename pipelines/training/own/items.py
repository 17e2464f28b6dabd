"""A task's rows as windows of tokens with targets; cutting them is left to `prepare`, reading them to `states`."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.tokens import TextTokenizer
from pipelines.training.own.lesson import Lesson
from pipelines.training.prepare import IGNORED, Item, class_weights, prepare
from pipelines.training.tasks import TaskKind

SMALL_STEPS = 16
"""Into how many steps an epoch over few rows is cut: fewer would be too few to learn in."""
LARGEST_STEP = 1_500
SMALLEST_STEP = 256


@dataclass(frozen=True, slots=True)
class Items:
    """Windows to learn from, to stop early by, and to measure on; `weights` are the labels' (n_labels,), None to count all alike."""

    train: list[Item]
    dev: list[Item]
    test: list[Item]
    weights: Tensor | None


def cut_items(lesson: Lesson, *, tokenizer: str, window_tokens: int, weigh_classes: bool) -> Items:
    """Cut a lesson's rows into windows; `tokenizer` is the text of a `tokenizer.json`."""
    from tokenizers import Tokenizer

    reader = TextTokenizer(Tokenizer.from_str(tokenizer))
    train, dev, test = (
        prepare(lesson.task.kind, rows, labels=lesson.labels, tokenizer=reader, window_tokens=window_tokens)
        for rows in (lesson.train, lesson.dev, lesson.test)
    )
    weights = None
    if weigh_classes and lesson.task.kind is not TaskKind.ENTITIES:  # tags are mostly O, and that is as it should be
        weights = torch.tensor(class_weights(targets_of(train), n_labels=len(lesson.labels)))
    return Items(train, dev, test, weights)


def targets_of(items: Sequence[Item]) -> list[int]:
    """List every target that teaches something."""
    told = [one for item in items for one in (item.target if isinstance(item.target, list) else [item.target])]
    return [one for one in told if one != IGNORED]


def token_budget_for(items: Sequence[Item], *, asked: int) -> int:
    """Choose the padded tokens a step: as asked, or enough steps an epoch for few rows and full ones for many."""
    n_tokens = sum(len(item.tokens) + 2 for item in items)
    return asked or min(LARGEST_STEP, max(SMALLEST_STEP, n_tokens // SMALL_STEPS))
