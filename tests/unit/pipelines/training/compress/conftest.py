"""Labelled files and texts for compressing the tiny random model."""

from pathlib import Path

import pytest

from pipelines.network import load_network
from pipelines.tokens import TextTokenizer, Tokens
from pipelines.training.compress.variant import Order

WORDS = ("the", "bank", "card", "apple", "profit", "loss", "falls", "rises", "great", "bad", "news", "market", "late", "fee", "paid")


def sentences(n: int) -> list[str]:
    return [" ".join(WORDS[(number * step) % len(WORDS)] for step in range(2, 5 + number % 7)) + f" {number}" for number in range(n)]


@pytest.fixture
def windows(tiny_folder: Path) -> list[Tokens]:
    return TextTokenizer.load(tiny_folder / "tokenizer.json")(sentences(40))


@pytest.fixture
def gate_file(data_folder: Path) -> Path:
    return data_folder / "sentiment_news.dev.jsonl.gz"


@pytest.fixture
def order(tiny_folder: Path, tmp_path: Path, gate_file: Path) -> Order:
    """Eight bits, whatever it loses."""
    out = tmp_path / "models" / "small"
    return Order("tiny", tiny_folder, "small", out, tmp_path / "work", [gate_file], max_loss=100.0)


@pytest.fixture
def teacher(tiny_folder: Path):  # noqa: ANN201  (a network, for one test to change)
    return load_network(tiny_folder)
