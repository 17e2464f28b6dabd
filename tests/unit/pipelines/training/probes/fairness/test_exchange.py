import json
from pathlib import Path

import pytest

from pipelines.model import BellwetherModel
from pipelines.training.data import Example, Span, read_examples
from pipelines.training.probes.fairness.exchange import exchanged, save_exchanged
from pipelines.training.probes.fairness.names import NAMES, TAUGHT_NAMES
from pipelines.training.probes.fairness.nationalities import NATIONALITIES, TAUGHT_NATIONALITIES
from pipelines.training.tasks import task_of


def test_exchanged_keeps_labels_and_spans_on_their_words() -> None:
    text = "Tim Cook praised a German bank"
    example = Example(text, spans=(Span(0, 8, "PER"), Span(19, 25, "LOC")), source="wire")

    named, moved = exchanged(example, [Span(0, 8, "PER")], seed=1)

    assert named.text.endswith(" praised a German bank")
    assert named.text[named.spans[0].start : named.spans[0].end] in {column.filler for column in TAUGHT_NAMES}
    assert named.text[named.spans[1].start : named.spans[1].end] == "German"
    assert moved.text[moved.spans[1].start : moved.spans[1].end] in {column.filler for column in TAUGHT_NATIONALITIES}
    assert (named.source, len(named.spans)) == ("wire", 2)


def test_exchanged_tells_of_the_other_gender() -> None:
    [other] = exchanged(Example("my mom waits", label="negative"), [], seed=1)

    assert (other.text, other.label) == ("my dad waits", "negative")


def test_exchanged_leaves_texts_that_do_not_suit() -> None:
    assert list(exchanged(Example("shares fell", label="negative"), [], seed=1)) == []


def test_people_to_teach_with_are_not_those_that_are_asked_about() -> None:
    words = {word for column in (*NAMES, *NATIONALITIES) for word in column.filler.split()}

    assert not words & {word for column in (*TAUGHT_NAMES, *TAUGHT_NATIONALITIES) for word in column.filler.split()}


@pytest.mark.parametrize(
    ("task", "row"),
    [
        ("sentiment_targets", {"text": "a German bank fell", "targets": [{"start": 9, "end": 13, "label": "negative"}]}),
        ("entities", {"text": "Tim Cook in town", "entities": [{"start": 0, "end": 8, "label": "PER"}]}),
        ("sentiment_support", {"text": "he waits", "label": "neutral", "source": "mail"}),
    ],
)
def test_save_exchanged_writes_rows_that_can_be_read(
    tiny_model: BellwetherModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str, row: dict[str, object]
) -> None:
    # A random entity head would find people anywhere.
    monkeypatch.setattr(tiny_model, "labels", {head: labels for head, labels in tiny_model.labels.items() if head != "entities"})
    path = tmp_path / f"{task}.train.jsonl"
    path.write_text(json.dumps(row) + "\n")

    [(written, n_rows)] = save_exchanged(tiny_model, [(path, task_of(path))], tmp_path / "out", seed=2).items()

    [before], [after] = read_examples(path), read_examples(written)
    assert n_rows == 1
    assert after.text != before.text
    assert (after.label, after.source, [span.label for span in after.spans]) == (
        before.label,
        before.source,
        [span.label for span in before.spans],
    )
