from dataclasses import replace

from pipelines.model import BellwetherModel, Model
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.answers import answer, scored_spans_of, spans_of, towards

COOK = Span(4, 8, "positive")


def test_answer_reads_the_windows_of_a_long_text_together(oracle: Model) -> None:
    [found] = answer(oracle, [Example("a card " * 20 + "great")])

    assert len(found.windows) > 2
    assert found.probabilities("topics_desk").argmax() == 0


def test_answer_of_a_text_without_tokens_is_an_answer(tiny_model: BellwetherModel) -> None:
    [found] = answer(tiny_model, [Example("\u200b")])

    assert found.probabilities("sentiment_news").shape == (3,)
    assert spans_of(found, tiny_model.labels["entities"]) == []


def test_spans_of_finds_a_name_once_where_windows_overlap(oracle: Model) -> None:
    text = "the bank of Tim Cook in London is a bank of London"

    [found] = answer(oracle, [Example(text)])

    spans = spans_of(found, oracle.labels["entities"])
    assert [(text[span.start : span.end], span.label) for span in spans] == [("Tim Cook", "PER"), ("London", "LOC"), ("London", "LOC")]
    assert all(0 < score <= 1 for _, score in scored_spans_of(found, oracle.labels["entities"]))


def test_towards_asks_only_about_the_words_of_a_span(oracle: Model) -> None:
    example = Example("Tim Cook", spans=(COOK,))

    [found] = answer(oracle, [example], towards_spans=[example])

    scores = towards(found, COOK)
    assert found.tokens.asked == {len(found.tokens) - 1}
    assert scores is not None
    assert scores.argmax() == 2


def test_towards_a_span_that_nobody_asked_about_is_nothing(oracle: Model) -> None:
    [found] = answer(oracle, [Example("Tim Cook")])

    assert towards(found, COOK) is None


def test_towards_is_nothing_where_the_model_has_no_such_head(oracle: Model) -> None:
    example = Example("Tim Cook", spans=(COOK,))
    [found] = answer(oracle, [example], towards_spans=[example])

    silent = replace(found, outputs=[replace(output, targets=None) for output in found.outputs])

    assert towards(silent, COOK) is None
