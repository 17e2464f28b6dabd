from pathlib import Path

from pipelines.records import SENTIMENTS
from pipelines.training.corpus import labels_of, read_corpus
from pipelines.training.data import GROUPS, Example, Span
from pipelines.training.splits import place_of
from pipelines.training.tasks import SHIPPED


def test_read_corpus_holds_rows_of_every_task_out_and_teaches_the_others(data_folder: Path) -> None:
    corpus = read_corpus(data_folder)

    assert set(corpus.taught) == set(corpus.held) == set(SHIPPED)
    assert all(place_of(example.text) >= 0.05 for examples in corpus.taught.values() for example in examples)
    assert all(place_of(example.text) < 0.05 for examples in corpus.held.values() for example in examples)
    assert corpus.taught["entities"][0].spans == (Span(0, 8, "PER"), Span(12, 18, "LOC"))


def test_read_corpus_leaves_out_labels_with_a_handful_of_rows(data_folder: Path) -> None:
    import gzip

    with gzip.open(data_folder / "topics_multidogo.train.jsonl.gz", "at", encoding="utf-8") as stream:
        stream.write('{"text": "a slip", "label": "O O O city"}\n' * 4)

    corpus = read_corpus(data_folder)

    assert "O O O city" not in labels_of("topics_multidogo", [*corpus.taught["topics_multidogo"], *corpus.held["topics_multidogo"]])


def test_labels_of_keeps_the_order_of_sentiments_and_groups() -> None:
    examples = [Example("a", label="b"), Example("c", label="a")]

    assert labels_of("sentiment_news", examples) == labels_of("sentiment_targets", examples) == SENTIMENTS
    assert labels_of("entities", examples) == GROUPS
    assert labels_of("topics_desk", examples) == ("a", "b")
