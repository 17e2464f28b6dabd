import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import InvalidRecord
from pipelines.explain.explainer import Explainer
from pipelines.explain.gradients import NEAR_ENOUGH
from pipelines.explain.values import By, Place, Unexplainable
from pipelines.heads import towards_span
from pipelines.int8 import use_int8
from pipelines.model import BellwetherModel
from pipelines.reading import Reading
from pipelines.records import Document, Kind

WORDS = ["Apple", "falls", "the", "BANK", "rises", "not", "great", "bad", "London", "7", ",", "."]


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=40))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_head_by_gradients_adds_up_to_the_difference_of_log_odds(full_model: BellwetherModel, words: list[str]) -> None:
    explainer = Explainer(full_model, by=By.GRADIENTS, window_overlap=8)

    found = explainer.head(explainer.read(_document(" ".join(words))), "sentiment_news")

    assert found.log_odds_blank is not None
    assert sum(word.weight for word in found.words) == pytest.approx(found.log_odds - found.log_odds_blank, abs=2 * NEAR_ENOUGH)
    assert found.log_odds == pytest.approx(math.log(found.scores["positive"] / found.scores["negative"]), abs=1e-3)


def test_head_by_gradients_adds_up_for_a_model_in_8_bits(full_model: BellwetherModel, reading: Reading) -> None:
    use_int8(full_model.network.encoder)

    found = Explainer(full_model, by=By.GRADIENTS).head(reading, "sentiment_news")

    assert found.left_over == pytest.approx(0, abs=NEAR_ENOUGH)
    assert any(word.weight for word in found.words)


def test_head_weighs_the_label_asked_for_against_the_next(full_model: BellwetherModel, reading: Reading) -> None:
    found = Explainer(full_model).head(reading, "topics_banking77", label="fee")
    chosen = Explainer(full_model).head(reading, "topics_banking77")

    assert (found.label, found.against) == ("fee", max((name for name in found.scores if name != "fee"), key=found.scores.__getitem__))
    assert chosen.label == chosen.label_given
    assert chosen.log_odds >= 0


def test_towards_explains_what_serving_says_of_that_place(full_model: BellwetherModel, reading: Reading) -> None:
    bank = Place("bank", 17, 21)
    tokens = replace(reading.tokens, asked=frozenset({4}))
    [output] = full_model.forward([tokens])
    assert output.targets is not None

    found = Explainer(full_model, by=By.GRADIENTS).towards(reading, bank)

    assert reading.tokens.offsets[4] == (17, 21)
    assert list(found.scores.values()) == pytest.approx(np.asarray(towards_span(output.targets, 4, 5)).tolist(), abs=1e-5)
    assert found.log_odds == pytest.approx(math.log(found.scores["positive"] / found.scores["negative"]), abs=1e-3)
    assert found.left_over == pytest.approx(0, abs=2 * NEAR_ENOUGH)


def test_towards_a_place_over_a_seam_adds_up(full_model: BellwetherModel) -> None:
    text = "the bank rises not great " * 14
    explainer = Explainer(full_model, window_overlap=8)
    reading = explainer.read(_document(text))

    found = explainer.towards(reading, Place("all", 0, len(text)))

    assert len(reading.windows) > 2
    assert found.left_over == pytest.approx(0, abs=2 * NEAR_ENOUGH)


def test_head_by_occlusion_says_how_the_log_odds_fall_without_a_word(full_model: BellwetherModel) -> None:
    explainer = Explainer(full_model, by=By.OCCLUSION)
    without = explainer.head(explainer.read(_document("Apple the bank")), "sentiment_news")

    found = explainer.head(explainer.read(_document("Apple falls the bank")), "sentiment_news")

    assert [word.word for word in found.words] == ["Apple", "falls", "the", "bank"]
    assert found.words[1].weight == pytest.approx(found.log_odds - without.log_odds, abs=1e-4)
    assert (found.log_odds_blank, found.left_over) == (None, None)


def test_towards_by_occlusion_leaves_the_place_itself_in(full_model: BellwetherModel, reading: Reading) -> None:
    found = Explainer(full_model, by=By.OCCLUSION).towards(reading, Place("bank", 17, 21))

    weights = {word.word: word.weight for word in found.words}
    assert weights["bank"] == 0
    assert weights["rises"] != 0


@pytest.mark.parametrize(
    ("head", "asked", "message"),
    [
        ("sentiment_news", {"label": "good"}, "no label 'good', but negative, neutral, positive"),
        ("topics_banking77", {"label": "fee", "against": "fee"}, "against itself"),
    ],
)
def test_head_refuses_labels_that_are_not_its_own(
    full_model: BellwetherModel, reading: Reading, head: str, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(Unexplainable, match=message):
        Explainer(full_model).head(reading, head, **asked)


def test_explainer_says_where_a_model_has_no_such_head_or_no_gradients(tiny_model: BellwetherModel, reading: Reading) -> None:
    with pytest.raises(Unexplainable, match="no head sentiment_targets"):
        Explainer(_without_targets(tiny_model)).towards(reading, Place("bank", 17, 21))
    with pytest.raises(Unexplainable, match="use --by occlusion"):
        Explainer(_Foreign(tiny_model), by=By.GRADIENTS)  # type: ignore[arg-type]
    assert Explainer(_Foreign(tiny_model)).by is By.OCCLUSION  # type: ignore[arg-type]


def test_read_raises_what_serving_would_quarantine(full_model: BellwetherModel) -> None:
    with pytest.raises(InvalidRecord):
        Explainer(full_model).read(_document("<p> </p>"))


class _Foreign:
    """A model of which nothing is known but its answers."""

    def __init__(self, model: BellwetherModel) -> None:
        self.ref, self.labels, self.window_tokens = model.ref, model.labels, model.window_tokens
        self.tokenize, self.forward = model.tokenize, model.forward


def _without_targets(model: BellwetherModel) -> BellwetherModel:
    model.labels = {name: labels for name, labels in model.labels.items() if name != "sentiment_targets"}
    return model


def _document(text: str) -> Document:
    return Document(1, Kind.NEWS, text, "desk")
