import xml.etree.ElementTree as ET

from pipelines.records import SENTIMENTS
from pipelines.training.annotation.interface import interface
from pipelines.training.tasks import parse_task


def parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314  (our own)


def test_interface_offers_choices_for_whole_texts() -> None:
    view = parsed(interface(parse_task("sentiment_desk"), SENTIMENTS))

    choices = view.find("Choices")
    assert choices is not None
    assert (choices.get("name"), choices.get("toName"), choices.get("choice")) == ("label", "text", "single")
    assert [choice.get("value") for choice in choices] == list(SENTIMENTS)
    assert [text.get("value") for text in view.findall("Text")] == ["$text"]


def test_interface_offers_labels_for_spans_and_escapes_them() -> None:
    view = parsed(interface(parse_task("entities"), ("ORG", 'A&B "x" <y>')))

    labels = view.find("Labels")
    assert labels is not None
    assert [label.get("value") for label in labels] == ["ORG", 'A&B "x" <y>']
    assert len({label.get("background") for label in labels}) == 2


def test_interface_puts_many_topics_into_a_list() -> None:
    choices = parsed(interface(parse_task("topics_desk"), [f"topic-{number}" for number in range(40)])).find("Choices")

    assert choices is not None
    assert choices.get("layout") == "select"
