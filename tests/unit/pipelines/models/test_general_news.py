"""The shipped model and a described taxonomy of four desks on news that nobody tuned it to: hand-written, a few of each desk."""

from pathlib import Path

import pytest

from pipelines.model import load_model
from pipelines.taxonomy import DescribedTaxonomy, read_taxonomies
from pipelines.training.data import Example, read_examples
from pipelines.training.topics import embed_taxonomy, measure

ROWS = Path(__file__).parents[3] / "data" / "topics_general-news.test.jsonl"
N_EXAMPLES = 5


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return read_examples(ROWS)[::4]


@pytest.fixture
def general_news() -> DescribedTaxonomy:
    taxonomy = read_taxonomies()["general-news"]
    assert isinstance(taxonomy, DescribedTaxonomy)
    return taxonomy


def test_rows_of_general_news_are_as_many_for_each_desk_and_none_is_an_example(general_news: DescribedTaxonomy) -> None:
    rows = read_examples(ROWS)

    labels = [one.label for one in rows]
    assert {labels.count(topic.name) for topic in general_news.topics} == {len(rows) // len(general_news.topics)}
    assert not {one.text for one in rows} & {text for topic in general_news.topics for text in topic.examples}


def test_general_news_with_five_examples_a_topic_sorts_news_as_people_do(general_news: DescribedTaxonomy, examples: list[Example]) -> None:
    few = tuple(topic.model_copy(update={"examples": topic.examples[:N_EXAMPLES]}) for topic in general_news.topics)

    found = measure(embed_taxonomy(general_news.model_copy(update={"topics": few}), model=load_model()), examples, file=ROWS.name)

    assert found.served.figures()["macro_f1"] >= 0.85
    assert found.coverage >= 0.9
