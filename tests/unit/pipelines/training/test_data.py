import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.data import TASKS, BadRowError, Span, labels_of, read_examples, read_split, task_of


def written(folder: Path, name: str, *rows: Any) -> Path:
    path = folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_read_split_reads_every_task(data_folder: Path) -> None:
    split = read_split(data_folder, "dev")

    assert set(split) == set(TASKS)
    assert split["entities"][0].spans == (Span(0, 8, "PER"), Span(12, 18, "LOC"))


@pytest.mark.parametrize(
    ("name", "row", "fault"),
    [
        ("sentiment_news.jsonl", "{", "not JSON"),
        ("sentiment_news.jsonl", "[1]", "not a JSON object"),
        ("sentiment_news.jsonl", {"label": "negative"}, "`text`"),
        ("sentiment_news.jsonl", {"text": " ", "label": "negative"}, "`text`"),
        ("sentiment_news.jsonl", {"text": "a", "label": "angry"}, "'angry' is none of"),
        ("topics_banking77.jsonl", {"text": "a"}, "`label`"),
        ("entities.jsonl", {"text": "ab", "entities": [{"start": 1, "end": 3, "label": "PER"}]}, "outside its text of 2"),
        ("entities.jsonl", {"text": "ab", "entities": [{"start": 1, "end": 1, "label": "PER"}]}, "outside"),
        ("entities.jsonl", {"text": "ab", "entities": [{"start": 0, "end": 1, "label": "GPE"}]}, "'GPE' is none of"),
        ("entities.jsonl", {"text": "ab", "entities": [{"start": 0, "label": "PER"}]}, "`start`, `end` and `label`"),
    ],
)
def test_read_examples_names_file_row_and_fault(name: str, row: Any, fault: str, tmp_path: Path) -> None:
    good = {"text": "a", "entities": []} if name.startswith("entities") else {"text": "a", "label": "neutral"}

    with pytest.raises(BadRowError, match=f"{name}, row 2: .*{fault}"):
        read_examples(written(tmp_path, name, good, row))


def test_task_of_lists_the_tasks_there_are() -> None:
    with pytest.raises(ValueError, match="sentiment_news"):
        task_of(Path("weather.dev.jsonl.gz"))


def test_labels_of_keeps_sentiments_in_their_order(data_folder: Path) -> None:
    split = read_split(data_folder, "train")

    assert labels_of("sentiment_news", split["sentiment_news"]) == ("negative", "neutral", "positive")
    assert labels_of("topics_banking77", split["topics_banking77"]) == ("card", "fee")


def test_read_examples_learns_nothing_from_handles_of_sources_that_leave_them_out(tmp_path: Path) -> None:
    rows = [
        {"text": "hi @tim", "entities": [], "source": "wnut17"},
        {"text": "hi @tim", "entities": [{"start": 4, "end": 7, "label": "PER"}], "source": "btc"},
        {"text": "hi @tim", "entities": [], "source": "btc"},
    ]

    examples = read_examples(written(tmp_path, "entities.jsonl", *rows))

    assert [example.untold for example in examples] == [((3, 7),), ((3, 4),), ()]
