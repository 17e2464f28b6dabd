import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.data import BadRowError, Span, read_examples
from pipelines.training.tasks import parse_task


def written(folder: Path, name: str, *rows: Any) -> Path:
    path = folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_read_examples_reads_spans_and_what_slices_need(tmp_path: Path) -> None:
    row = {
        "text": "gold up",
        "targets": [{"start": 0, "end": 4, "label": "positive"}],
        "source": "wire",
        "language": "en",
        "at": "2026-01-31",
    }

    [example] = read_examples(written(tmp_path, "sentiment_targets.jsonl", row))

    assert example.spans == (Span(0, 4, "positive"),)
    assert (example.source, example.language, example.at, example.row) == ("wire", "en", datetime(2026, 1, 31, tzinfo=UTC), 1)


def test_read_examples_takes_the_task_it_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "rows.jsonl", {"text": "a", "label": "ours"})

    [example] = read_examples(path, parse_task("topics_desk"))

    assert example.label == "ours"


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
        ("entities.jsonl", {"text": "ab", "entities": [{"start": 0, "end": 1, "label": "gpe"}]}, "'gpe' must be upper-case"),
        ("entities.jsonl", {"text": "ab", "entities": [{"start": 0, "label": "PER"}]}, "`start`, `end` and `label`"),
        ("entities.jsonl", {"text": "ab"}, "`entities` must be a list"),
        (
            "entities.jsonl",
            {"text": "abc", "entities": [{"start": 0, "end": 2, "label": "PER"}, {"start": 1, "end": 3, "label": "LOC"}]},
            "overlap",
        ),
        ("sentiment_targets.jsonl", {"text": "ab", "targets": [{"start": 0, "end": 1, "label": "good"}]}, "'good' is none of"),
        ("sentiment_news.jsonl", {"text": "a", "label": "neutral", "at": "tomorrow"}, "`at` is 'tomorrow'"),
    ],
)
def test_read_examples_names_file_row_and_fault(name: str, row: Any, fault: str, tmp_path: Path) -> None:
    good = {"text": "a", "entities": [], "targets": [], "label": "neutral"}

    with pytest.raises(BadRowError, match=f"{name}, row 2: .*{fault}"):
        read_examples(written(tmp_path, name, good, row))


def test_read_examples_learns_nothing_from_handles_of_sources_that_leave_them_out(tmp_path: Path) -> None:
    rows = [
        {"text": "hi @tim", "entities": [], "source": "wnut17"},
        {"text": "hi @tim", "entities": [{"start": 4, "end": 7, "label": "PER"}], "source": "btc"},
        {"text": "hi @tim", "entities": [], "source": "btc"},
    ]

    examples = read_examples(written(tmp_path, "entities.jsonl", *rows))

    assert [example.untold for example in examples] == [((3, 7),), ((3, 4),), ()]


def test_read_examples_takes_a_handle_in_ones_own_rows_for_no_mention_unless_it_is_marked(tmp_path: Path) -> None:
    [example] = read_examples(written(tmp_path, "entities.jsonl", {"text": "hi @tim", "entities": []}))

    assert example.untold == ()
