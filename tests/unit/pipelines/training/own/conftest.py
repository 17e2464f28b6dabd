"""Rows of one's own in the words that the tiny tokenizer knows, and a tiny model as their base."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.own.options import Method, Options, options_for
from pipelines.training.own.run import Order
from pipelines.training.own.watch import Pace

Row = dict[str, Any]


def make_rows(task: str, n: int = 48) -> list[Row]:
    """Rows of which no two are alike, and whose labels can be told by their words."""
    who = ["my", "the", "tim is", "cook was", "not my", "very", "late", "london"]
    words = {"card": ["card", "card fee"], "market": ["market", "profit rises"], "bank": ["bank", "bank paid"]}
    pairs = [(f"{first} {phrase} {last}", label) for first, last in product(who, who) for label in words for phrase in words[label]]
    texts = pairs[:: max(1, len(pairs) // n)][:n]
    sentiment = {"card": "negative", "market": "positive", "bank": "neutral"}
    if task.startswith("topics"):
        return [{"text": text, "label": label} for text, label in texts]
    if task == "entities":
        return [{"text": f"{text} Cook", "entities": [_span(f"{text} Cook", "Cook", "PERSON")]} for text, _ in texts]
    if task == "sentiment_targets":
        return [{"text": f"{text} apple", "targets": [_span(f"{text} apple", "apple", sentiment[label])]} for text, label in texts]
    return [{"text": text, "label": sentiment[label]} for text, label in texts]


def _span(text: str, word: str, label: str) -> Row:
    return {"start": text.rindex(word), "end": text.rindex(word) + len(word), "label": label}


def write_lines(path: Path, rows: list[Row]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


class Listener:
    """Keeps what a run told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.paces: list[Pace] = []

    def step(self, pace: Pace) -> None:
        self.paces.append(pace)

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def rows_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write the rows of a task."""
    return lambda task: write_lines(tmp_path / f"{task}.jsonl", make_rows(task))


@pytest.fixture
def quick() -> Callable[..., Options]:
    """Options for a run of a second."""

    def make(task: str, method: Method, **asked: Any) -> Options:
        sizes = {"n_layers": 1, "n_attention_heads": 2, "width": 16} if method is Method.SCRATCH else {}
        return options_for(task, method, **{"n_epochs": 2, "token_budget": 512, "rank": 2, **sizes, **asked})

    return make


@pytest.fixture
def catalog(tmp_path: Path, tiny_folder: Path) -> Path:
    """A catalogue in which `default` is the tiny model."""
    path = tmp_path / "catalog.toml"
    path.write_text(f'[models.default]\nkind = "bellwether"\npath = "{tiny_folder}"\n')
    return path


@pytest.fixture
def order(rows_file: Callable[[str], Path], quick: Callable[..., Options], catalog: Path, tmp_path: Path) -> Callable[..., Order]:
    """Order a quick run of a task."""

    def make(task: str, method: Method, **asked: Any) -> Order:
        options = quick(task, method, **asked)
        return Order(options, (rows_file(task),), name="desk", out=tmp_path / "run", catalog=catalog, device="cpu")

    return make
