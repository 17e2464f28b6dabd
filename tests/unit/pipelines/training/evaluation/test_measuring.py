import json
from pathlib import Path

import pytest

from pipelines.model import BellwetherModel, Model
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.label_scores import LabelScores
from pipelines.training.evaluation.measuring import NoHeadError, evaluate_examples, evaluate_file, evaluate_split, head_for
from pipelines.training.evaluation.span_scores import SpanScores
from pipelines.training.tasks import parse_task

NEWS, DESK, TARGETS = parse_task("sentiment_news"), parse_task("topics_desk"), parse_task("sentiment_targets")


def test_evaluate_file_measures_sentiment(oracle: Model, data_folder: Path) -> None:
    found = evaluate_file(oracle, data_folder / "sentiment_news.dev.jsonl.gz")

    assert isinstance(found.scores, LabelScores)
    assert (found.scores.n, found.scores.accuracy) == (3, pytest.approx(2 / 3))
    assert "accuracy 66.7%" in found.headline()


def test_evaluate_file_matches_spans_in_the_whole_texts_offsets(oracle: Model, data_folder: Path) -> None:
    found = evaluate_file(oracle, data_folder / "entities.dev.jsonl.gz")

    assert isinstance(found.scores, SpanScores)
    assert (found.scores.n, found.scores.f1) == (2, 1.0)


def test_evaluate_file_measures_a_real_model_in_figures_that_json_can_hold(tiny_model: BellwetherModel, data_folder: Path) -> None:
    found = evaluate_file(tiny_model, data_folder / "topics_complaints.dev.jsonl.gz", limit=1)

    assert found.to_row()["n"] == 1
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["confusion"] == [list(row) for row in found.scores.confusion]


def test_evaluate_file_takes_a_task_that_the_name_does_not_tell(oracle: Model, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\ngreat,positive\n")

    found = evaluate_file(oracle, path, task=NEWS)

    assert (found.task, found.scores.n) == ("sentiment_news", 1)


def test_evaluate_split_measures_what_the_model_has_heads_for(oracle: Model, data_folder: Path) -> None:
    assert {found.task for found in evaluate_split(oracle, data_folder)} >= {"sentiment_news", "entities"}


def test_evaluate_examples_gives_unsure_topics_out_of_scope_as_serving_does(oracle: Model) -> None:
    examples = [Example("my card", "card"), Example("the bank", "out_of_scope"), Example("the market", "fee")]

    scores = evaluate_examples(oracle, DESK, examples).scores

    assert isinstance(scores, LabelScores)
    assert (scores.in_scope_accuracy, scores.out_of_scope_recall) == (0.5, 1.0)


def test_evaluate_examples_measures_sentiment_towards_each_span(oracle: Model) -> None:
    spans = (Span(0, 3, "negative"), Span(4, 8, "positive"), Span(12, 18, "positive"))

    found = evaluate_examples(oracle, TARGETS, [Example("Tim Cook in London", spans=spans), Example("the fee")])

    assert isinstance(found.scores, LabelScores)
    assert (found.scores.n, found.scores.accuracy) == (3, pytest.approx(2 / 3))


def test_evaluate_examples_counts_unknown_labels_as_wrong_and_says_so(oracle: Model) -> None:
    found = evaluate_examples(oracle, DESK, [Example("my card", "card"), Example("my card", "loan")])

    assert isinstance(found.scores, LabelScores)
    assert found.scores.accuracy == 0.5
    assert found.notes == ("1 of the data have a label that the head topics_desk does not know and count as wrong: loan (1)",)


def test_evaluate_examples_says_which_entity_types_are_unknown(oracle: Model) -> None:
    found = evaluate_examples(oracle, parse_task("entities"), [Example("Tim", spans=(Span(0, 3, "PRODUCT"),))])

    assert "PRODUCT (1)" in found.notes[0]


def test_evaluate_examples_measures_a_head_of_another_name(oracle: Model) -> None:
    found = evaluate_examples(oracle, parse_task("sentiment_desk"), [Example("great", "positive")], head="sentiment_news")

    assert (found.task, found.figures()["accuracy"]) == ("sentiment_desk", 1.0)


def test_head_for_lists_the_heads_there_are(oracle: Model) -> None:
    with pytest.raises(NoHeadError, match=r"no head 'topics_banking77'; it has sentiment_news, .*--head"):
        head_for(oracle, parse_task("topics_banking77"))
    with pytest.raises(NoHeadError, match="no head 'nothing'"):
        head_for(oracle, DESK, head="nothing")


def test_head_for_refuses_a_head_of_another_kind(oracle: Model) -> None:
    with pytest.raises(NoHeadError, match="'entities' gives entities, but 'topics_desk' is about topics"):
        head_for(oracle, DESK, head="entities")
