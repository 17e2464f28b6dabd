"""A handful of labelled rows a task, written by hand, in the training files' own format."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

ROWS: dict[str, list[dict[str, Any]]] = {
    "sentiment_news": [
        {"text": "profit falls", "label": "negative"},
        {"text": "the market", "label": "neutral"},
        {"text": "great profit", "label": "positive"},
    ],
    "sentiment_support": [
        {"text": "my card is late", "label": "negative"},
        {"text": "the card", "label": "neutral"},
        {"text": "great bank", "label": "positive"},
    ],
    "topics_banking77": [{"text": "my card is late", "label": "card"}, {"text": "the fee was not paid", "label": "fee"}],
    "sentiment_targets": [
        {
            "text": "apple rises, bank falls",
            "targets": [{"start": 0, "end": 5, "label": "positive"}, {"start": 13, "end": 17, "label": "negative"}],
        },
        {"text": "the news of London", "targets": [{"start": 12, "end": 18, "label": "neutral"}]},
    ],
    "topics_clinc150": [{"text": "what is the fee", "label": "fee"}, {"text": "tim is late", "label": "out_of_scope"}],
    "topics_multidogo": [{"text": "great", "label": "thankyou"}, {"text": "my card", "label": "replacecard"}],
    "topics_complaints": [{"text": "the bank " * 90, "label": "loan"}, {"text": "my market", "label": "mortgage"}],
    "entities": [
        {"text": "Tim Cook in London", "entities": [{"start": 0, "end": 8, "label": "PER"}, {"start": 12, "end": 18, "label": "LOC"}]},
        {"text": "the fee", "entities": []},
    ],
}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    return path


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Every task's train and dev file."""
    folder = tmp_path / "data"
    folder.mkdir()
    for task, rows in ROWS.items():
        write_rows(folder / f"{task}.train.jsonl.gz", rows * 6)
        write_rows(folder / f"{task}.dev.jsonl.gz", rows)
    return folder
