from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from pipelines.heads import tag_names
from pipelines.model import BellwetherModel, WindowOutput
from pipelines.records import ModelRef
from pipelines.tokens import TextTokenizer, Tokens
from pipelines.training.evaluate import evaluate_file
from pipelines.training.scores import LabelScores, SpanScores


class Oracle:
    """A model of the same shape that answers by its tokens' text: capitals are people, `great` is positive."""

    ref = ModelRef("oracle", "0")
    window_tokens = 3
    labels: Mapping[str, tuple[str, ...]] = {"sentiment_news": ("negative", "neutral", "positive"), "entities": tag_names(("PER", "LOC"))}
    device, dtype, n_threads = "cpu", "float32", 1

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenize = TextTokenizer(tokenizer)

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        return [self._answer(window) for window in windows]

    def warm_up(self) -> None:
        pass

    def _answer(self, window: Tokens) -> WindowOutput:
        words = [window.text[start:end] for start, end in window.offsets]
        sentiment = np.array([0.0, 1.0, 9.0 if "great" in words else 0.0], dtype=np.float32)
        tags = np.full((len(words), 5), -9, dtype=np.float32)
        for row, word in enumerate(words):
            tags[row, {"Tim": 1, "Cook": 2, "London": 3}.get(word, 0)] = -0.01
        return WindowOutput({"sentiment_news": sentiment}, tags, None)


def test_evaluate_file_reads_windows_of_a_text_together(data_folder: Path, tiny_tokenizer: Tokenizer) -> None:
    found = evaluate_file(Oracle(tiny_tokenizer), data_folder / "sentiment_news.dev.jsonl.gz")

    assert isinstance(found.scores, LabelScores)
    assert (found.scores.n, found.scores.accuracy) == (3, pytest.approx(2 / 3))
    assert "accuracy 66.7%" in found.headline()


def test_evaluate_file_matches_spans_in_the_whole_texts_offsets(data_folder: Path, tiny_tokenizer: Tokenizer) -> None:
    found = evaluate_file(Oracle(tiny_tokenizer), data_folder / "entities.dev.jsonl.gz")

    assert isinstance(found.scores, SpanScores)
    assert (found.scores.n, found.scores.f1) == (2, 1.0)


def test_evaluate_file_measures_a_real_model(data_folder: Path, tiny_folder: Path) -> None:
    model = BellwetherModel("tiny", folder=tiny_folder)

    row = evaluate_file(model, data_folder / "topics_complaints.dev.jsonl.gz", limit=1).to_row()

    assert row["n"] == 1
    assert set(row) == {"task", "file", "n", "accuracy", "macro_f1", "macro_recall"}


def test_evaluate_file_refuses_a_task_without_a_head(data_folder: Path, tiny_tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="no head 'topics_banking77'"):
        evaluate_file(Oracle(tiny_tokenizer), data_folder / "topics_banking77.dev.jsonl.gz")
