import json
from pathlib import Path

import pytest

from pipelines.tokens import TextTokenizer
from pipelines.training.compress.texts import Texts, read_texts
from pipelines.training.corpus import HELD_OUT
from pipelines.training.data import BadRowError
from pipelines.training.splits import place_of


def written(path: Path, texts: list[str], label: str | None = None) -> Path:
    rows = [{"text": text, "label": label} if label else {"text": text} for text in texts]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(files: list[Path], *, folder: Path, n_tokens: int = 10_000, seed: int = 17) -> Texts:
    return read_texts(files, tokenizer=TextTokenizer.load(folder / "tokenizer.json"), window_tokens=30, n_tokens=n_tokens, seed=seed)


def test_read_texts_takes_from_a_large_file_what_a_small_one_lacks(tiny_folder: Path, tmp_path: Path) -> None:
    small, large = written(tmp_path / "a.jsonl", ["bank"]), written(tmp_path / "b.jsonl", [f"the card {n}" for n in range(400)])

    texts = read([large, small], folder=tiny_folder, n_tokens=300)

    size = sum(len(window) + 2 for window in texts.windows)
    assert 290 <= size <= 330
    assert "bank" in {window.text for window in texts.windows}


def test_read_texts_keeps_labelled_rows_for_calibration_out_of_the_lesson(tiny_folder: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "sentiment_news.jsonl", [f"the market {n}" for n in range(300)], label="neutral")

    texts = read([path], folder=tiny_folder)

    held = {example.text for example in texts.held["sentiment_news"]}
    assert held
    assert held.isdisjoint(window.text for window in texts.windows)
    assert all(place_of(text) < HELD_OUT for text in held)


def test_read_texts_draws_by_its_seed(tiny_folder: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "any.jsonl", [f"the fee {n}" for n in range(200)])

    first, again, other = ([one.text for one in read([path], folder=tiny_folder, seed=seed).windows] for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert sorted(first) == sorted(other)


def test_read_texts_takes_the_first_windows_of_a_very_long_text(tiny_folder: Path, tmp_path: Path) -> None:
    texts = read([written(tmp_path / "any.jsonl", ["the bank " * 500])], folder=tiny_folder)

    assert [len(window) for window in texts.windows] == [30, 30, 30]


def test_read_texts_refuses_a_file_without_texts(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRowError, match=r"any\.jsonl has no texts"):
        read([written(tmp_path / "any.jsonl", [])], folder=tiny_folder)
