"""A model that answers by the words it reads, so that every figure can be told beforehand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from tokenizers import Tokenizer

from pipelines.heads import tag_names
from pipelines.model import WindowOutput
from pipelines.records import SENTIMENTS, ModelRef
from pipelines.tokens import TextTokenizer, Tokens

TAGS = {"Tim": 1, "Cook": 2, "London": 3}
NONE = -9.0


class Oracle:
    """Capitals are people and places, `great` is positive, `card` and `fee` are topics; all else it is unsure of."""

    ref = ModelRef("oracle", "0")
    window_tokens = 6
    device, dtype, n_threads = "cpu", "float32", 1

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenize = TextTokenizer(tokenizer)
        self.labels: Mapping[str, tuple[str, ...]] = {
            "sentiment_news": SENTIMENTS,
            "sentiment_targets": SENTIMENTS,
            "topics_desk": ("card", "fee", "out_of_scope"),
            "entities": tag_names(("PER", "LOC")),
        }
        self.thresholds: Mapping[str, float] = {"topics_desk": 0.6}

    def forward(self, windows: Sequence[Tokens]) -> list[WindowOutput]:
        return [self._answer(window) for window in windows]

    def warm_up(self) -> None:
        pass

    def _answer(self, window: Tokens) -> WindowOutput:
        words = [window.text[start:end] for start, end in window.offsets]
        mood = np.array([0.0, 1.0, 9.0 if "great" in words else 0.0], dtype=np.float32)
        topic = np.array([9.0 * ("card" in words), 9.0 * ("fee" in words), 0.0], dtype=np.float32)
        tags = np.full((len(words), 5), NONE, dtype=np.float32)
        for row, word in enumerate(words):
            tags[row, TAGS.get(word, 0)] = -0.01
        targets = np.full((len(words), 3), np.nan, dtype=np.float32)
        for place in window.asked:
            targets[place] = [0, 0, 5] if words[place] == "Cook" else [5, 0, 0]
        return WindowOutput({"sentiment_news": mood, "topics_desk": topic}, tags, None, targets)


@pytest.fixture
def oracle(tiny_tokenizer: Tokenizer) -> Oracle:
    return Oracle(tiny_tokenizer)
