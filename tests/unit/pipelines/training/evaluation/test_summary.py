from pipelines.model import Model
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.measuring import evaluate_examples
from pipelines.training.evaluation.summary import summary
from pipelines.training.tasks import parse_task


def test_summary_compares_with_always_saying_the_commonest(oracle: Model) -> None:
    examples = [Example("great", "positive"), Example("great", "positive"), Example("bad", "negative")]

    text = summary(evaluate_examples(oracle, parse_task("sentiment_news"), examples))

    assert 'right 67% of the time; always saying "positive" would be right 67%' in text
    assert 'weakest at "negative": it finds 0% of these 1, and 0% of what it calls so is right.' in text
    assert "points off" in text


def test_summary_tells_what_is_turned_away(oracle: Model) -> None:
    examples = [Example("my card", "card"), Example("the bank", "out_of_scope")]

    assert "turns away 100%" in summary(evaluate_examples(oracle, parse_task("topics_desk"), examples))


def test_summary_of_spans_counts_per_hundred(oracle: Model) -> None:
    example = Example("Tim Cook in London", spans=(Span(0, 8, "PER"),))

    text = summary(evaluate_examples(oracle, parse_task("entities"), [example]))

    assert "Of 100 spans that people marked it finds 100 exactly, and of 100 that it marks 50 are right." in text


def test_summary_of_nothing_says_so(oracle: Model) -> None:
    assert summary(evaluate_examples(oracle, parse_task("sentiment_news"), [])) == "There was nothing to measure."
