from datetime import UTC, datetime

import pytest

from pipelines.model import Model
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.measuring import Evaluation, evaluate_examples
from pipelines.training.evaluation.slices import LEAST_ROWS, OTHERS, UNTOLD, Slicing, slices_of
from pipelines.training.tasks import parse_task


def measured(model: Model, examples: list[Example]) -> Evaluation:
    return evaluate_examples(model, parse_task("sentiment_news"), examples)


def test_slices_of_sources_are_measured_apart(oracle: Model) -> None:
    examples = [Example("great", "positive", source="good")] * 12 + [Example("bad", "negative", source="bad")] * 10

    found = slices_of(measured(oracle, examples), Slicing.SOURCE)

    assert [(one.name, one.n_rows, one.figures["accuracy"]) for one in found] == [("good", 12, 1.0), ("bad", 10, 0.0)]
    assert (found[0].interval.low, found[0].interval.high) == (1.0, 1.0)


def test_slices_of_rare_values_are_put_together(oracle: Model) -> None:
    many = [Example("great", "positive", source="wire")] * LEAST_ROWS
    few = [Example("great", "positive", source=source) for source in ("a", "b", "")]

    found = slices_of(measured(oracle, [*many, *few]), Slicing.SOURCE)

    assert [(one.name, one.n_rows) for one in found] == [("wire", LEAST_ROWS), (OTHERS, 2), (UNTOLD, 1)]


def test_slices_by_length_count_words_in_order(oracle: Model) -> None:
    examples = [Example("bank " * n_words, "neutral") for n_words in (60, 10, 11) for _ in range(LEAST_ROWS)]

    found = slices_of(measured(oracle, examples), Slicing.LENGTH)

    assert [one.name for one in found] == ["1 to 10 words", "11 to 20 words", "41 to 100 words"]


def test_slices_by_language_take_what_rows_say_or_look_at_the_text(oracle: Model) -> None:
    english = "The bank has said that the fee will be paid by the end of the month."
    examples = [Example(english, "neutral")] * LEAST_ROWS + [Example("la banque", "neutral", language="fr")] * LEAST_ROWS

    assert {one.name for one in slices_of(measured(oracle, examples), Slicing.LANGUAGE)} == {"en", "fr"}


@pytest.mark.parametrize(
    ("days", "names"),
    [((1, 3), ["2026-01-01", "2026-01-03"]), ((1, 60), ["2026-01", "2026-03"]), ((1, 800), ["2026", "2028"])],
)
def test_slices_by_time_are_days_months_or_years(oracle: Model, days: tuple[int, int], names: list[str]) -> None:
    start = datetime(2025, 12, 31, tzinfo=UTC).timestamp()
    times = [datetime.fromtimestamp(start + day * 86_400, UTC) for day in days]
    examples = [Example("great", "positive", at=at) for at in times for _ in range(LEAST_ROWS)]

    assert [one.name for one in slices_of(measured(oracle, examples), Slicing.TIME)] == names


def test_slices_of_what_no_row_tells_are_none(oracle: Model) -> None:
    assert slices_of(measured(oracle, [Example("great", "positive")]), Slicing.TIME) == []


def test_slices_of_spans_count_spans(oracle: Model) -> None:
    person = Example("Tim Cook", spans=(Span(0, 8, "PER"),), source="wire")
    evaluation = evaluate_examples(oracle, parse_task("entities"), [person] * LEAST_ROWS)

    [found] = slices_of(evaluation, Slicing.SOURCE)

    assert (found.n, found.main, found.figures["f1"]) == (LEAST_ROWS, "f1", 1.0)
