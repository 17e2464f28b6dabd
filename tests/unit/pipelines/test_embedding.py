from dataclasses import replace

import numpy as np
import pytest

from pipelines.embedding import embed_texts
from pipelines.errors import ModelUnavailable
from pipelines.model import BellwetherModel
from pipelines.tokens import Tokens


def test_embed_texts_gives_each_text_its_own_unit_vector_and_tells_how_many(tiny_model: BellwetherModel) -> None:
    told: list[int] = []

    both = embed_texts(["the bank card", "great news"], model=tiny_model, token_budget=64, tell=told.append)

    np.testing.assert_allclose(np.linalg.norm(both, axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(both[1], embed_texts(["great news"], model=tiny_model, token_budget=64)[0], atol=1e-3)
    assert told == [2]


def test_embed_texts_reads_a_text_of_many_windows(tiny_model: BellwetherModel) -> None:
    [vector] = embed_texts(["the bank paid my card " * 20], model=tiny_model, token_budget=64)

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)


def test_embed_texts_refuses_a_model_that_makes_none(tiny_model: BellwetherModel, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = tiny_model.forward

    def without(windows: list[Tokens]) -> list[object]:
        return [replace(output, embedding=None) for output in forward(windows)]

    monkeypatch.setattr(tiny_model, "forward", without)

    with pytest.raises(ModelUnavailable, match="makes no embeddings"):
        embed_texts(["the card"], model=tiny_model, token_budget=64)
