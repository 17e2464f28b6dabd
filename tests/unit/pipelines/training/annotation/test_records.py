import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.annotation.records import read_pool
from pipelines.training.formats import BadRowError


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_read_pool_keeps_each_text_once_and_what_travels_along(tmp_path: Path) -> None:
    rows = [
        {"text": "My card is late", "id": 7, "at": "2026-01-31", "author": "me"},
        {"text": " my CARD is late "},
        {"text": "<p> </p>"},
        {"note": "no text"},
        {"text": "Known already"},
    ]
    labelled = write(tmp_path / "known.jsonl", [{"text": "known already", "label": "positive"}])

    pool = read_pool([write(tmp_path / "records.jsonl", rows)], labelled=[labelled])

    assert [(one.text, one.row, dict(one.about)) for one in pool.records] == [("My card is late", 1, {"id": 7, "at": "2026-01-31"})]
    assert (pool.n_empty, pool.n_twice) == (2, 2)


def test_read_pool_masks_what_no_annotator_needs(tmp_path: Path) -> None:
    path = write(tmp_path / "records.jsonl", [{"text": "Write to jane@example.com about my card"}])

    assert read_pool([path]).records[0].text == "Write to [email] about my card"
    assert "jane@example.com" in read_pool([path], is_masked=False).records[0].text


def test_read_pool_stops_at_its_limit_and_refuses_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "records.jsonl", [{"text": f"text {number}"} for number in range(5)])

    assert len(read_pool([path], limit=2).records) == 2
    with pytest.raises(BadRowError, match="1 rows have no `text`"):
        read_pool([write(tmp_path / "empty.jsonl", [{"text": ""}])])
