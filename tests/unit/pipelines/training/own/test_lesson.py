"""Rows are split for good, and whatever can't be learnt from is told with its row and its mend."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.training.data import BadRowError
from pipelines.training.own.lesson import Lesson, read_lesson
from pipelines.training.own.options import Method, options_for
from pipelines.training.tasks import parse_task

TOPICS = parse_task("topics_desk")


def read(path: Path, *, task: str = "topics_desk", dev: Path | None = None, test: Path | None = None) -> Lesson:
    return read_lesson(parse_task(task), [path], dev=dev, test=test, options=options_for(task, Method.HEAD))


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_read_lesson_uses_every_row_once(rows_file: Callable[[str], Path]) -> None:
    lesson = read(rows_file("topics_desk"))

    texts = [example.text for part in (lesson.train, lesson.dev, lesson.test) for example in part]
    assert len(texts) == len(set(texts)) == 48
    assert lesson.labels == ("bank", "card", "market")
    assert len(lesson.train) > len(lesson.dev) > 0
    assert lesson.test


def test_read_lesson_never_moves_a_row_when_more_come(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    path = rows_file("topics_desk")
    lines = path.read_text().splitlines()

    whole, half = read(path), read(write(tmp_path / "half.jsonl", *lines[: len(lines) // 2]))

    for more, fewer in ((whole.train, half.train), (whole.dev, half.dev), (whole.test, half.test)):
        assert {example.text for example in fewer} <= {example.text for example in more}


def test_read_lesson_takes_files_in_place_of_shares(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", '{"text": "a", "label": "card"}', '{"text": "b", "label": "bank"}')

    lesson = read(rows_file("topics_desk"), dev=other, test=other)

    assert (len(lesson.train), len(lesson.dev), len(lesson.test)) == (48, 2, 2)


def test_read_lesson_leaves_copies_out_and_tells_of_contradictions(rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    lines = rows_file("topics_desk").read_text().splitlines()
    torn = lines[0].replace("card", "bank", 1).replace('"label": "card"', '"label": "bank"')
    contradiction = lines[0].replace('"label": "card"', '"label": "market"')

    lesson = read(write(tmp_path / "all.jsonl", *lines, lines[3], contradiction, torn))

    assert "1 rows are copies of others and were left out." in lesson.notes
    assert any("with different labels, first in rows 1 and 50" in note for note in lesson.notes)


@pytest.mark.parametrize(
    ("task", "lines", "told"),
    [
        ("topics_desk", [""], "bad.jsonl: it holds no rows"),
        ("topics_desk", ['{"text": "a", "label": "x"}', '{"text": "b", "label": "x"}'], "all 2 rows, from row 1 on, say 'x'; add rows"),
        ("topics_desk", ['{"text": "a", "label": "x"}', '{"text": "b", "label": "y"}'], "of 2 rows none is left to"),
        ("sentiment_desk", ['{"text": "a", "label": "angry"}'], "bad.jsonl, row 1: label 'angry'"),
        ("entities", ['{"text": "a", "entities": []}'], "no row marks a single span"),
        ("entities", ['{"text": "a", "entities": [{"start": 0, "end": 9, "label": "PER"}]}'], "row 1: span 0-9 lies outside its text"),
    ],
)  # fmt: skip
def test_read_lesson_tells_what_can_not_be_learnt_from(task: str, lines: list[str], told: str, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.jsonl", *lines)

    with pytest.raises(BadRowError) as error:
        read(path, task=task)

    assert told in str(error.value)


@pytest.mark.parametrize("part", ["dev", "test"])
def test_read_lesson_refuses_a_label_that_nobody_taught(part: str, rows_file: Callable[[str], Path], tmp_path: Path) -> None:
    other: Any = {part: write(tmp_path / "other.jsonl", '{"text": "a", "label": "card"}', '{"text": "b", "label": "crad"}')}

    with pytest.raises(
        BadRowError, match=r"other\.jsonl, row 2: label 'crad' stands in no row to learn from, which have bank, card, market"
    ):
        read(rows_file("topics_desk"), **other)
