import re
from pathlib import Path

import pytest

from pipelines.model import Model
from pipelines.training.data import Example, Span
from pipelines.training.evaluation.comparison import compare
from pipelines.training.evaluation.measuring import evaluate_examples
from pipelines.training.evaluation.report import Part, save_report
from pipelines.training.evaluation.slices import Slicing, slices_of
from pipelines.training.tasks import parse_task

NEWS = [
    Example("great <b>bank</b>", "negative", source="wire", row=1),
    Example("great", "positive", source="wire", row=2),
    Example("the fee", "neutral", source="wire", row=3),
    Example("a loss", "negative", source="wire", row=4),
]


@pytest.fixture
def page(oracle: Model, tmp_path: Path) -> str:
    """A report of two tasks, with everything that a report can hold."""
    news = evaluate_examples(oracle, parse_task("sentiment_news"), NEWS, file="sentiment_news.dev.jsonl")
    names = evaluate_examples(oracle, parse_task("entities"), [Example("Tim in London", spans=(Span(0, 3, "PER"),))])
    parts = [Part([news, news], compare(news, news), {Slicing.SOURCE: slices_of(news, Slicing.SOURCE)}), Part([names])]
    save_report(tmp_path / "report.html", parts, lead="Model oracle")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_report_holds_figures_plots_slices_comparison_and_mistakes(page: str) -> None:
    for words in (
        "sentiment news",
        "macro F1",
        "Confusion",
        "By source",
        "wire",
        "score the same",
        "Surest mistakes",
        "not marked",
        "mean",
    ):
        assert words in page
    assert page.count("<svg") == 6


def test_report_escapes_the_rows_that_it_quotes(page: str) -> None:
    assert "great &lt;b&gt;bank&lt;/b&gt;" in page


def test_report_asks_for_nothing_from_anywhere(page: str) -> None:
    assert not re.search(r"""(src|href)="(?!#)|@import|url\(["']?http""", page)


def test_report_has_no_element_twice_by_its_id(page: str) -> None:
    ids = re.findall(r' id="([^"]+)"', page)

    assert {one for one in ids if ids.count(one) > 1} <= {one for one in ids if f"#{one}" in page}


def test_report_quotes_no_row_where_texts_are_hidden(oracle: Model, tmp_path: Path) -> None:
    news = evaluate_examples(oracle, parse_task("sentiment_news"), NEWS)

    save_report(tmp_path / "report.html", [Part([news])], texts=False)

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "a loss" not in page
    assert "Surest mistakes" not in page


def test_report_of_many_labels_shows_the_pairs_most_often_confused(oracle: Model, tmp_path: Path) -> None:
    strange = [Example("the bank", f"topic {number}") for number in range(12)]
    desk = evaluate_examples(oracle, parse_task("topics_desk"), [*strange, Example("my card", "fee"), Example("the fee", "fee")])

    save_report(tmp_path / "report.html", [Part([desk])])

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Most often confused" in page
    assert "<h3>Confusion</h3>" not in page
    assert "12 of the data have a label that the head topics_desk does not know" in page


def test_report_of_nothing_is_a_page(oracle: Model, tmp_path: Path) -> None:
    empty = [evaluate_examples(oracle, parse_task(task), []) for task in ("sentiment_news", "entities", "sentiment_targets")]

    save_report(tmp_path / "report.html", [Part([one]) for one in empty])

    assert "nothing to measure" in (tmp_path / "report.html").read_text(encoding="utf-8")
