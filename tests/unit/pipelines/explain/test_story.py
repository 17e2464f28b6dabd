import pytest

from pipelines.explain.story import tell
from pipelines.explain.values import By, Unexplainable
from pipelines.model import BellwetherModel
from pipelines.records import Document, Kind
from pipelines.taxonomy import DescribedTaxonomy, Taxonomies

TEXT = "Apple falls, the bank rises"


def test_tell_explains_sentiment_and_topic(full_model: BellwetherModel, desk: DescribedTaxonomy) -> None:
    story = tell(Document(0, Kind.SUPPORT, TEXT, "desk"), model=full_model, taxonomies=Taxonomies([desk]), by=By.OCCLUSION)

    assert (story.sentiment.head, story.sentiment.towards) == ("sentiment_support", None)
    assert story.topic is not None
    assert story.topic.taxonomy == "desk"
    assert story.note == ""


def test_tell_explains_the_sentiment_towards_a_name_alone(full_model: BellwetherModel, desk: DescribedTaxonomy) -> None:
    document = Document(0, Kind.NEWS, TEXT, "desk")

    story = tell(document, model=full_model, taxonomies=Taxonomies([desk]), by=By.OCCLUSION, towards="Bank", label="neutral")

    assert story.sentiment.towards is not None
    assert (story.sentiment.towards.word, story.sentiment.label, story.topic) == ("bank", "neutral", None)


def test_tell_notes_why_there_is_no_topic(full_model: BellwetherModel, desk: DescribedTaxonomy) -> None:
    full_model.forward = lambda windows: [_without_vector(output) for output in BellwetherModel.forward(full_model, windows)]  # type: ignore[method-assign]

    story = tell(Document(0, Kind.NEWS, TEXT, "desk"), model=full_model, taxonomies=Taxonomies([desk]), by=By.OCCLUSION)

    assert story.topic is None
    assert "no embeddings to match the topics of desk" in story.note


def test_tell_says_which_heads_there_are(full_model: BellwetherModel, desk: DescribedTaxonomy) -> None:
    full_model.labels = {"topics_desk": ("a", "b")}

    with pytest.raises(Unexplainable, match="no head for the sentiment of news; it has topics_desk"):
        tell(Document(0, Kind.NEWS, TEXT, "desk"), model=full_model, taxonomies=Taxonomies([desk]), by=By.OCCLUSION)


def _without_vector(output):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (a stand-in for a model that makes none)
    from dataclasses import replace

    return replace(output, embedding=None)
