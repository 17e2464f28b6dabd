"""Rows become windows with targets; few rows are cut into more steps than their length asks for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from pipelines.tokens import Tokens
from pipelines.training.own.items import LARGEST_STEP, SMALLEST_STEP, cut_items, targets_of, token_budget_for
from pipelines.training.own.lesson import Lesson, read_lesson
from pipelines.training.own.options import Method, options_for
from pipelines.training.prepare import Item
from pipelines.training.tasks import parse_task


@pytest.fixture
def lesson(rows_file: Callable[[str], Path]) -> Lesson:
    task = "topics_desk"
    return read_lesson(parse_task(task), [rows_file(task)], dev=None, test=None, options=options_for(task, Method.HEAD))


def test_cut_items_gives_every_row_its_window(lesson: Lesson, tiny_tokenizer: Tokenizer) -> None:
    items = cut_items(lesson, tokenizer=tiny_tokenizer.to_str(), window_tokens=30, weigh_classes=False)

    assert [len(part) for part in (items.train, items.dev, items.test)] == [len(part) for part in (lesson.train, lesson.dev, lesson.test)]
    assert [lesson.labels[target] for target in targets_of(items.train)] == [example.label for example in lesson.train]
    assert items.weights is None


def test_cut_items_lets_rare_labels_count_more(lesson: Lesson, tiny_tokenizer: Tokenizer) -> None:
    few = [example for example in lesson.train if example.label == "card"][:1]
    torn = Lesson(lesson.task, lesson.labels, [*few, *(one for one in lesson.train if one.label != "card")], lesson.dev, lesson.test)

    weights = cut_items(torn, tokenizer=tiny_tokenizer.to_str(), window_tokens=30, weigh_classes=True).weights

    assert weights is not None
    assert weights.argmax() == lesson.labels.index("card")


@pytest.mark.parametrize(("n_items", "asked", "wanted"), [(3, 0, SMALLEST_STEP), (100_000, 0, LARGEST_STEP), (3, 999, 999)])
def test_token_budget_for_follows_the_number_of_rows(n_items: int, asked: int, wanted: int) -> None:
    item = Item(Tokens([1] * 10, [0] * 10, [(0, 1)] * 10, [True] * 10), 0)

    assert token_budget_for([item] * n_items, asked=asked) == wanted
