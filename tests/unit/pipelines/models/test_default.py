"""The weights that ship: they load fast, fit their card, and read plain sentences."""

import time
from dataclasses import replace

import pytest

from pipelines.analyzer import Analyzer
from pipelines.catalog import MODELS
from pipelines.heads import decode_tags, softmax, towards_span
from pipelines.model import Model, load_model
from pipelines.records import SENTIMENTS, Analysis, Document, Kind
from pipelines.taxonomy import read_taxonomies
from pipelines.training.shipped import LESSONS

FOLDER = MODELS / "default"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def test_default_model_loads_in_under_two_seconds_of_processor_time() -> None:
    begun = time.process_time()

    load_model()

    assert time.process_time() - begun < 2


def test_default_model_reads_a_text_in_process_as_the_analyzer_says(model: Model) -> None:
    analyzer = Analyzer(model, taxonomies=read_taxonomies())

    [outcome] = analyzer.analyze([Document(1, Kind.NEWS, "Shares of Apple fell sharply after a loss.", "finance-desk")])

    assert isinstance(outcome, Analysis)
    assert (outcome.document_id, outcome.sentiment.label) == (1, "negative")


def test_default_model_is_small_enough_to_ship() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size <= 50_000_000


def test_default_model_has_a_head_for_every_task(model: Model) -> None:
    assert set(model.labels) == set(LESSONS)
    assert model.labels["sentiment_news"] == model.labels["sentiment_support"] == model.labels["sentiment_targets"] == SENTIMENTS
    assert (len(model.labels["topics_banking77"]), len(model.labels["topics_complaints"])) == (77, 9)
    assert len(model.labels["topics_clinc150"]) == 151
    assert all(0 < model.thresholds[head] < 1 for head in model.labels if head.startswith("topics_"))


def test_default_model_card_is_of_these_weights_and_names_every_licence(model: Model) -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert model.ref.revision in card
    assert all(f"`{task}`" in card and lesson.origin in card and lesson.licence in card for task, lesson in LESSONS.items())


@pytest.mark.parametrize(
    ("head", "text", "label"),
    [
        ("sentiment_news", "Profit falls sharply as the company warns of heavy losses", "negative"),
        ("sentiment_news", "Shares jump to a record high after strong earnings", "positive"),
        ("sentiment_support", "This is the worst service ever, I am so angry", "negative"),
        ("sentiment_support", "Thank you, I love it, you are the best", "positive"),
        ("topics_banking77", "I was charged twice for the same transaction", "transaction_charged_twice"),
        ("topics_clinc150", "how do i make a vegetable soup", "recipe"),
        ("topics_multidogo", "hi there, good morning", "openinggreeting"),
        ("topics_complaints", "My credit report shows an inquiry that I never authorised, remove it", "credit_reporting"),
    ],
)
def test_default_model_reads_plain_sentences(head: str, text: str, label: str, model: Model) -> None:
    [output] = model.forward(model.tokenize([text]))

    assert model.labels[head][output.logits[head].argmax()] == label


def test_default_model_marks_names_as_they_stand(model: Model) -> None:
    text = "Apple's Tim Cook said in London that profit fell."
    [tokens] = model.tokenize([text])

    [output] = model.forward([tokens])

    assert output.tags is not None
    spans = decode_tags(output.tags, model.labels["entities"])
    found = {(text[tokens.offsets[start][0] : tokens.offsets[end - 1][1]], group) for start, end, group, _ in spans}
    assert found == {("Apple", "ORG"), ("Tim Cook", "PER"), ("London", "LOC")}


@pytest.mark.parametrize(
    ("text", "word", "label"),
    [
        ("Gold shines, stocks slip", "Gold", "positive"),
        ("Gold shines, stocks slip", "stocks", "negative"),
        ("Infosys gains, TCS slips", "Infosys", "positive"),
        ("Infosys gains, TCS slips", "TCS", "negative"),
    ],
)
def test_default_model_tells_sentiment_towards_one_from_that_towards_another(text: str, word: str, label: str, model: Model) -> None:
    [tokens] = model.tokenize([text])
    start = text.index(word)
    places = [place for place, (left, right) in enumerate(tokens.offsets) if left < start + len(word) and right > start]

    [output] = model.forward([replace(tokens, asked=frozenset(places))])

    assert output.targets is not None
    scores = towards_span(output.targets, places[0], places[-1] + 1)
    assert scores is not None
    assert SENTIMENTS[scores.argmax()] == label


def test_default_model_knows_when_a_question_is_none_of_its_topics(model: Model) -> None:
    [output] = model.forward(model.tokenize(["who carved the marble lions in front of the old city hall"]))

    scores = softmax(output.logits["topics_clinc150"])
    best = model.labels["topics_clinc150"][scores.argmax()]
    assert best == "out_of_scope" or scores.max() < model.thresholds["topics_clinc150"]
