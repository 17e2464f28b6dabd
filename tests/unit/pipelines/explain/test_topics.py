import pytest

from pipelines.explain.explainer import Explainer
from pipelines.explain.topics import explain_topic
from pipelines.explain.values import By, Unexplainable
from pipelines.model import BellwetherModel
from pipelines.prototypes import words_of
from pipelines.records import Document, Kind
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies, TrainedTaxonomy


def test_explain_topic_of_a_described_taxonomy_shows_its_nearest_texts(full_model: BellwetherModel, desk: DescribedTaxonomy) -> None:
    explainer = Explainer(full_model, by=By.OCCLUSION)
    reading = explainer.read(Document(1, Kind.NEWS, "the card was late", "desk"))

    found = explain_topic(reading, explainer=explainer, taxonomies=Taxonomies([desk]))

    assert (found.kind, found.topic) == ("described", next(iter(found.scores)))
    assert list(found.likeness.values()) == sorted(found.likeness.values(), reverse=True)
    same = next(match for match in found.matches if match.text == "the card was late")
    assert (same.topic, same.origin) == ("cards", "example")
    assert same.likeness == pytest.approx(1, abs=1e-5)
    assert {match.text for match in found.matches} <= {text for texts in words_of(desk) for text in texts}


def test_explain_topic_of_a_trained_head_weighs_words(full_model: BellwetherModel) -> None:
    explainer = Explainer(full_model)
    reading = explainer.read(Document(1, Kind.SUPPORT, "the card was late", "banking77"))
    taxonomy = TrainedTaxonomy(name="banking77", kind="trained", head="topics_banking77", threshold=1.0)

    found = explain_topic(reading, explainer=explainer, taxonomies=Taxonomies([taxonomy]))

    assert (found.kind, found.topic) == ("trained", None)
    assert found.words is not None
    assert found.words.label == next(iter(found.scores))
    assert found.words.left_over == pytest.approx(0, abs=0.05)


def test_explain_topic_says_where_a_model_knows_none(full_model: BellwetherModel) -> None:
    explainer = Explainer(full_model, by=By.OCCLUSION)
    reading = explainer.read(Document(1, Kind.NEWS, "the card", "other"))
    taxonomy = TrainedTaxonomy(name="other", kind="trained", head="topics_other")

    with pytest.raises(Unexplainable, match="knows no topics of other"):
        explain_topic(reading, explainer=explainer, taxonomies=Taxonomies([taxonomy]))
