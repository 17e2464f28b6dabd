from pipelines.model import Model
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.label_scores import LabelScores
from pipelines.training.evaluation.measuring import evaluate_examples
from pipelines.training.evaluation.mistakes import confused_pairs, surest_mistakes
from pipelines.training.tasks import parse_task


def test_surest_mistakes_come_first_and_right_answers_never(oracle: Model) -> None:
    examples = [Example("the bank", "positive", row=1), Example("great", "negative", row=2), Example("great", "positive", row=3)]

    found = surest_mistakes(evaluate_examples(oracle, parse_task("sentiment_news"), examples))

    assert [(one.row, one.truth, one.given) for one in found] == [(2, "negative", "positive"), (1, "positive", "neutral")]
    assert found[0].confidence > found[1].confidence


def test_surest_mistakes_say_which_mention_they_are_about(oracle: Model) -> None:
    spans = (Span(0, 3, "negative"), Span(4, 8, "negative"))

    [found] = surest_mistakes(
        evaluate_examples(oracle, parse_task("sentiment_targets"), [Example("the fee"), Example("Tim Cook", spans=spans)])
    )

    assert (found.about, found.given) == ("Cook", "positive")


def test_surest_mistakes_of_spans_say_what_was_marked_instead(oracle: Model) -> None:
    example = Example("Tim Cook in London", spans=(Span(12, 18, "PER"),), row=7)

    found = surest_mistakes(evaluate_examples(oracle, parse_task("entities"), [example]))

    assert {(one.row, one.about, one.truth, one.given) for one in found} == {(7, "London", "PER", "LOC"), (7, "Tim Cook", "", "PER")}


def test_confused_pairs_are_counted(oracle: Model) -> None:
    examples = [Example("great", "negative"), Example("great", "negative"), Example("the bank", "positive"), Example("great", "positive")]

    scores = evaluate_examples(oracle, parse_task("sentiment_news"), examples).scores

    assert isinstance(scores, LabelScores)
    assert confused_pairs(scores) == [("negative", "positive", 2, 2), ("positive", "neutral", 1, 2)]
