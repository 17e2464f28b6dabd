import logging

import numpy as np
import pytest

from pipelines.errors import UnknownTaxonomy
from pipelines.model import BellwetherModel
from pipelines.prototypes import build_prototypes
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies, Topic, TrainedTaxonomy
from pipelines.topics import TopicChooser, choose_described, choose_trained, described_prototypes

DESK = DescribedTaxonomy(
    name="desk",
    threshold=0.5,
    topics=(Topic(name="x", description="X", examples=("x1", "x2")), Topic(name="y", description="Y"), Topic(name="z", description="Z")),
)
X, Y, Z, AWAY = np.eye(4, dtype=np.float32)
PROTOTYPES = build_prototypes(DESK, [X, X, AWAY, Y, Z])


@pytest.mark.parametrize(("vector", "name"), [(X, "x"), (Y, "y"), (Z, "z")])
def test_choose_described_takes_the_topic_that_a_text_is_most_like(vector: np.ndarray, name: str) -> None:
    topic, topics = choose_described(vector, PROTOTYPES, threshold=0.5, temperature=0.05)

    assert topic == topics[0]
    assert topics[0].label == name
    assert topics[0].score > 0.99


def test_choose_described_is_honest_about_a_text_like_no_topic() -> None:
    topic, topics = choose_described(AWAY, PROTOTYPES, threshold=0.6, temperature=0.05)

    assert topic is None
    assert all(label.score < 0.5 for label in topics)


def test_choose_described_is_unsure_just_above_the_threshold() -> None:
    topic, _ = choose_described((Y + AWAY) / np.float32(2**0.5), PROTOTYPES, threshold=0.7, temperature=0.05)

    assert topic is not None
    assert 0.4 < topic.score < 0.6


def test_choose_trained_gives_none_below_the_threshold_but_still_the_likeliest() -> None:
    probabilities = np.array([0.3, 0.5, 0.2], dtype=np.float32)

    assert choose_trained(probabilities, ("a", "b", "c"), threshold=0.6)[0] is None
    topic, topics = choose_trained(probabilities, ("a", "b", "c"), threshold=0.4)
    assert topic is not None
    assert [label.label for label in topics] == ["b", "a", "c"]


def test_choose_trained_gives_none_where_the_head_says_out_of_scope() -> None:
    probabilities = np.array([0.1, 0.9], dtype=np.float32)

    topic, topics = choose_trained(probabilities, ("a", "out_of_scope"), threshold=0.0)

    assert topic is None
    assert [label.label for label in topics] == ["out_of_scope", "a"]


def choose(model: BellwetherModel, taxonomies: Taxonomies, name: str) -> tuple[object, ...]:
    outputs = model.forward(model.tokenize(["the bank card"]))
    return TopicChooser(model, taxonomies=taxonomies, token_budget=256).choose(name, outputs, [3])


def test_topic_chooser_asks_the_head_of_a_trained_taxonomy(tiny_model: BellwetherModel) -> None:
    trained = TrainedTaxonomy(name="mine", kind="trained", head="topics_banking77")

    topic, topics = choose(tiny_model, Taxonomies([trained]), "mine")

    assert topic == topics[0]  # type: ignore[index]
    assert {label.label for label in topics} == {"card", "fee", "transfer"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("fitted", "written", "n_chosen"), [(0.99, None, 0), (0.0, None, 1), (0.99, 0.0, 1), (0.0, 0.99, 0)])
def test_topic_chooser_takes_the_files_threshold_and_else_the_models(
    tiny_model: BellwetherModel, fitted: float, written: float | None, n_chosen: int
) -> None:
    tiny_model.thresholds = {"topics_complaints": fitted}
    trained = TrainedTaxonomy(name="mine", kind="trained", head="topics_complaints", threshold=written)

    topic, topics = choose(tiny_model, Taxonomies([trained]), "mine")

    assert [topic is not None, bool(topics)] == [n_chosen == 1, True]


def test_topic_chooser_knows_a_models_own_taxonomy_without_a_file(tiny_model: BellwetherModel) -> None:
    topic, _ = choose(tiny_model, Taxonomies([]), "complaints")

    assert topic is not None


def test_topic_chooser_matches_descriptions_made_once(tiny_model: BellwetherModel) -> None:
    desk = DescribedTaxonomy(
        name="desk", threshold=-1, topics=(Topic(name="card", description="the bank card"), Topic(name="news", description="great news"))
    )
    chooser = TopicChooser(tiny_model, taxonomies=Taxonomies([desk]), token_budget=256)
    outputs = tiny_model.forward(tiny_model.tokenize(["card: the bank card"]))

    topic, _ = chooser.choose("desk", outputs, [4])

    assert topic is not None
    assert topic.label == "card"
    assert chooser.choose("desk", outputs, [4])[0] == topic


def test_topic_chooser_gives_no_topics_and_says_so_once_where_the_model_can_not(
    tiny_model: BellwetherModel, caplog: pytest.LogCaptureFixture
) -> None:
    trained = TrainedTaxonomy(name="mine", kind="trained", head="topics_mine")
    chooser = TopicChooser(tiny_model, taxonomies=Taxonomies([trained]), token_budget=256)
    outputs = tiny_model.forward(tiny_model.tokenize(["the bank card"]))

    with caplog.at_level(logging.WARNING):
        assert [chooser.choose("mine", outputs, [3]) for _ in range(3)] == [(None, ())] * 3

    assert [record.getMessage() for record in caplog.records] == ["taxonomy mine gives no topics: model tiny has no head 'topics_mine'"]


def test_topic_chooser_refuses_an_unknown_taxonomy(tiny_model: BellwetherModel) -> None:
    with pytest.raises(UnknownTaxonomy):
        choose(tiny_model, Taxonomies([DESK]), "nope")


@pytest.mark.parametrize(("threshold", "wanted"), [(None, 0.1), (0.25, 0.25)])
def test_described_prototypes_bring_the_threshold_of_the_file_or_one_fitted(
    tiny_model: BellwetherModel, threshold: float | None, wanted: float
) -> None:
    desk = DescribedTaxonomy(name="desk", threshold=threshold, topics=(Topic(name="card", description="the bank card"),))

    prototypes, found = described_prototypes(desk, model=tiny_model, token_budget=256)

    assert prototypes.names == ("card",)
    assert found == wanted
