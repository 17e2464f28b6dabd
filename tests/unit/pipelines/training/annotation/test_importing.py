import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.annotation.importing import read_import, save_rows
from pipelines.training.data import BadRowError, Span, read_examples
from pipelines.training.tasks import parse_task

SENTIMENT, ENTITIES = parse_task("sentiment_desk"), parse_task("entities")


def choice(label: str | None, *, who: Any = 1, at: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    result = [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}] if label else []
    return {"completed_by": who, "updated_at": at, "was_cancelled": False, "result": result, **more}


def marks(*spans: tuple[int, int, str, str], who: Any = 1) -> dict[str, Any]:
    result = [{"type": "labels", "value": {"start": s, "end": e, "text": text, "labels": [label]}} for s, e, text, label in spans]
    return {"completed_by": who, "result": result}


def task(text: str, *annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {"id": 7, "data": {"text": text, **data}, "annotations": list(annotations)}


def export(path: Path, *tasks: dict[str, Any]) -> Path:
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_read_import_makes_rows_that_training_reads(tmp_path: Path) -> None:
    path = export(
        tmp_path / "export.json",
        task("bad bank", choice("negative"), source="desk", at="2026-01-31T09:00:00Z", chosen_for="teaching", row=3),
        task("good bank", choice("positive"), chosen_for="measuring"),
    )

    found = read_import([path], SENTIMENT)
    save_rows([*found.rows, *found.measuring_rows], tmp_path / "new" / "sentiment_desk.jsonl")

    assert found.rows == [
        {"text": "bad bank", "label": "negative", "source": "desk", "at": "2026-01-31T09:00:00Z", "chosen_for": "teaching"}
    ]
    assert [row["text"] for row in found.measuring_rows] == ["good bank"]
    examples = read_examples(tmp_path / "new" / "sentiment_desk.jsonl")
    assert [(one.text, one.label, one.source) for one in examples] == [("bad bank", "negative", "desk"), ("good bank", "positive", "")]


def test_read_import_counts_what_was_skipped_open_or_never_asked(tmp_path: Path) -> None:
    path = export(
        tmp_path / "export.json",
        task("one", choice("neutral")),
        task("two", choice("neutral", was_cancelled=True)),
        task("three", choice(None)),
        task("four"),
    )

    found = read_import([path], SENTIMENT)

    assert (found.n_tasks, len(found.rows), found.n_unanswered, found.disputed) == (4, 1, 3, [])


def test_read_import_settles_by_majority_by_truth_and_else_leaves_open(tmp_path: Path) -> None:
    tie = task("tie", choice("negative", who={"email": "a@b.c"}), choice("neutral", who=2))
    path = export(
        tmp_path / "export.json",
        task("most", choice("negative", who=1), choice("negative", who=2), choice("neutral", who=3)),
        task("truth", choice("negative", who=1), choice("negative", who=2), choice("positive", who=3, ground_truth=True)),
        task("later", choice("positive", at="2026-01-03"), choice("negative", at="2026-01-02")),
        tie,
    )

    found = read_import([path], SENTIMENT)

    assert {row["text"]: row["label"] for row in found.rows} == {"most": "negative", "truth": "positive", "later": "positive"}
    assert found.disputed == [tie]
    assert (found.n_shared, found.n_agreed) == (3, 0)


def test_read_import_puts_several_exports_together(tmp_path: Path) -> None:
    one = export(tmp_path / "one.json", task("bad", choice("negative", who=1)), task("odd", choice("neutral", who=1)))
    other = export(tmp_path / "other.json", task("good", choice("positive", who=2)), task("odd", choice("positive", who=2)))

    found = read_import([one, other], SENTIMENT)

    assert {row["text"]: row["label"] for row in found.rows} == {"bad": "negative", "good": "positive"}
    assert [raw["data"]["text"] for raw in found.disputed] == ["odd"]


def test_read_import_takes_spans_with_offsets_as_any_version_counts_them(tmp_path: Path) -> None:
    text = "\U0001f4c9 Acme falls"
    path = export(tmp_path / "entities.json", task(text, marks((3, 7, "Acme", "ORG"))), task("nobody", marks()))

    found = read_import([path], ENTITIES)
    save_rows(found.rows, tmp_path / "entities.jsonl")

    assert found.rows[0]["entities"] == [{"start": 2, "end": 6, "label": "ORG"}]
    assert [one.spans for one in read_examples(tmp_path / "entities.jsonl")] == [(Span(2, 6, "ORG"),), ()]


def test_read_import_reads_the_flat_export(tmp_path: Path) -> None:
    flat = [
        {"id": 1, "record_id": "r1", "text": "bad", "label": "negative", "annotator": 1, "annotation_id": 5},
        {"id": 1, "text": "bad", "label": "neutral", "annotator": 2, "annotation_id": 6},
        {"id": 2, "record_id": "r2", "text": "good", "label": {"choices": ["positive"]}, "annotator": 1},
    ]
    spans = [{"id": 1, "text": "Acme falls", "entities": [{"start": 0, "end": 4, "text": "Acme", "labels": ["ORG"]}], "annotator": 1}]

    found = read_import([export(tmp_path / "export.json", *flat)], SENTIMENT)
    marked = read_import([export(tmp_path / "spans.json", *spans)], ENTITIES)

    assert (found.rows, len(found.disputed)) == ([{"text": "good", "label": "positive", "id": "r2"}], 1)
    assert marked.rows[0]["entities"] == [{"start": 0, "end": 4, "label": "ORG"}]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([task("one", choice("great"))], "task 7: label 'great' is none of negative"),
        ([{"id": 3, "data": {"body": "one"}, "annotations": []}], "task 3: its data has no `text`"),
        ([task("one", {"result": [{"type": "choices", "value": {"choices": ["a", "b"]}}]})], "2 choices, where sentiment_desk takes one"),
        ([task("one")], "nobody has answered any of the 1 tasks"),
        ([], "holds no task"),
    ],
)
def test_read_import_names_the_task_and_the_mend(tmp_path: Path, tasks: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(BadRowError, match=message):
        read_import([export(tmp_path / "export.json", *tasks)], SENTIMENT)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"start": 0, "end": 9, "text": "Silver", "labels": ["ORG"]}, "span 0-9 .'Silver'. does not stand in its text"),
        ({"start": 0, "end": 4, "labels": ["ORG", "LOC"]}, "has 2 labels"),
        ({"startOffset": 0, "labels": ["ORG"]}, "label a <Text>, not HTML"),
    ],
)
def test_read_import_refuses_spans_that_mark_nothing(tmp_path: Path, value: dict[str, Any], message: str) -> None:
    path = export(tmp_path / "export.json", task("Gold up", {"result": [{"type": "labels", "value": value}]}))

    with pytest.raises(BadRowError, match=message):
        read_import([path], ENTITIES)


def test_read_import_refuses_spans_that_overlap(tmp_path: Path) -> None:
    path = export(tmp_path / "export.json", task("New York", marks((0, 3, "New", "ORG"), (0, 8, "New York", "LOC"))))

    with pytest.raises(BadRowError, match="task 7: spans 0-3 and 0-8 overlap"):
        read_import([path], ENTITIES)


def test_read_import_wants_json(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("id,text\n", encoding="utf-8")

    with pytest.raises(BadRowError, match="choose Export, then JSON"):
        read_import([tmp_path / "export.csv"], SENTIMENT)
