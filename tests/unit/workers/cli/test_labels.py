import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workers.cli.labels import app

RECORDS = ["Acme fell", "Bolt rose", "Corp is flat", "Dyna cut its outlook", "Echo beat"]


def write_records(folder: Path) -> Path:
    path = folder / "records.csv"
    path.write_text("id,text\n" + "".join(f"{number},{text}\n" for number, text in enumerate(RECORDS)), encoding="utf-8")
    return path


@pytest.mark.usefixtures("tiny_engine")
def test_labels_go_out_and_come_back(tmp_path: Path) -> None:
    tasks, rows, held = tmp_path / "tasks.json", tmp_path / "mine.jsonl", tmp_path / "held.jsonl"
    arguments = ["--task", "sentiment_news", "--out", str(tasks), "-n", "4", "--random", "0.5", "--json"]

    out = CliRunner().invoke(app, ["export", str(write_records(tmp_path)), *arguments])
    _label_everything(tasks)
    back = CliRunner().invoke(
        app, ["import", str(tasks), "--task", "sentiment_desk", "--out", str(rows), "--held-out", str(held), "--json"]
    )

    assert (out.exit_code, back.exit_code) == (0, 0), out.output + back.output
    assert {name: json.loads(out.stdout)[name] for name in ("looked_at", "to_teach_by", "to_measure_by")} == {
        "looked_at": 5, "to_teach_by": 2, "to_measure_by": 2,
    }  # fmt: skip
    assert "<Choices" in tasks.with_suffix(".xml").read_text(encoding="utf-8")
    assert json.loads(back.stdout)["labels"] == {"neutral": 4}
    assert [len(path.read_text(encoding="utf-8").splitlines()) for path in (rows, held)] == [2, 2]


@pytest.mark.usefixtures("tiny_engine")
def test_labels_tell_people_what_comes_next(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.json"

    out = CliRunner().invoke(app, ["export", str(write_records(tmp_path)), "--task", "topics_new", "--labels", "a,b", "--out", str(tasks)])
    tasks.write_text(json.dumps([_disputed()]) + "\n", encoding="utf-8")
    again = CliRunner().invoke(app, ["import", str(tasks), "--task", "topics_new", "--out", str(tmp_path / "mine.jsonl")])

    assert "all are chosen at random" in out.stdout
    assert "Labeling Interface" in out.stdout
    assert again.exit_code == 2
    assert "alone or in agreement" in again.stderr


def test_labels_import_keeps_what_is_disputed(tmp_path: Path) -> None:
    tasks = tmp_path / "export.json"
    agreed = {"id": 2, "data": {"text": "fine"}, "annotations": [_said("a", 1), _said("a", 2)]}
    tasks.write_text(json.dumps([_disputed(), agreed]), encoding="utf-8")

    result = CliRunner().invoke(app, ["import", str(tasks), "--task", "topics_new", "--out", str(tmp_path / "mine.train.jsonl")])

    assert result.exit_code == 0, result.output
    assert "agree on 50%" in result.stdout
    assert f"bellwether train topics_new --data {tmp_path / 'mine.train.jsonl'}" in result.stdout
    assert json.loads((tmp_path / "mine.disputed.json").read_text(encoding="utf-8")) == [_disputed()]


def test_labels_replace_nothing_unless_told(tmp_path: Path) -> None:
    out = tmp_path / "mine.jsonl"
    out.write_text("precious\n", encoding="utf-8")
    export = tmp_path / "export.json"
    export.write_text(json.dumps([{"id": 2, "data": {"text": "fine"}, "annotations": [_said("a", 1)]}]), encoding="utf-8")

    refused = CliRunner().invoke(app, ["import", str(export), "--task", "topics_new", "--out", str(out)])
    forced = CliRunner().invoke(app, ["import", str(export), "--task", "topics_new", "--out", str(out), "--force"])

    assert (refused.exit_code, forced.exit_code) == (2, 0)
    assert "--force to replace it" in refused.stderr
    assert "precious" not in out.read_text(encoding="utf-8")


def test_labels_say_how_tasks_are_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", str(write_records(tmp_path)), "--task", "mood", "--out", str(tmp_path / "tasks.json")])

    assert result.exit_code == 2
    assert "'mood' is no task" in result.stderr


def _said(label: str, who: int) -> dict[str, object]:
    return {"completed_by": who, "result": [{"type": "choices", "value": {"choices": [label]}}]}


def _disputed() -> dict[str, object]:
    return {"id": 1, "data": {"text": "odd"}, "annotations": [_said("a", 1), _said("b", 2)]}


def _label_everything(path: Path) -> None:
    tasks = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps([{**task, "annotations": [_said("neutral", 1)]} for task in tasks]), encoding="utf-8")
