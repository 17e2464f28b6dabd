import json
from pathlib import Path

import pytest

from pipelines.training.formats import BadRowError
from pipelines.training.topics.sample import sample_texts


def write(path: Path, texts: list[str | None]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def test_sample_texts_takes_each_text_once_and_masks_it(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl",
        ["Oil slides again now $XOM", "oil slides again now http://t.co/x", "  ", None, "write to jo@example.com about it"],
    )

    found = sample_texts([file], limit=10)

    assert len(found) == 2
    assert "jo@example.com" not in found[1]


def test_sample_texts_draws_the_same_fair_sample_again(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", [f"this is text number{number}" for number in range(200)])

    found = sample_texts([file], limit=50)

    assert len(found) == 50
    assert found == sample_texts([file], limit=50)
    assert found != sample_texts([file], limit=50, seed=18)
    numbers = [int(text.split("number")[1]) for text in found]
    assert numbers == sorted(numbers)
    assert numbers[-1] > 150


def test_sample_texts_wants_a_text(tmp_path: Path) -> None:
    with pytest.raises(BadRowError, match="no text to read in 2 rows"):
        sample_texts([write(tmp_path / "a.jsonl", ["", None])], limit=5)
