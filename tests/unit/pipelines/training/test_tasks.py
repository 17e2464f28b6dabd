from pathlib import Path

import pytest

from pipelines.training.tasks import SHIPPED, TaskKind, parse_task, task_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("entities", TaskKind.ENTITIES),
        ("sentiment_targets", TaskKind.TARGETS),
        ("sentiment", TaskKind.SENTIMENT),
        ("sentiment_ours", TaskKind.SENTIMENT),
        ("topics_desk", TaskKind.TOPICS),
    ],
)
def test_parse_task_reads_the_kind_from_the_name(name: str, kind: TaskKind) -> None:
    assert parse_task(name).kind is kind


@pytest.mark.parametrize("name", ["weather", "topics_", "entity", ""])
def test_parse_task_says_how_names_begin(name: str) -> None:
    with pytest.raises(ValueError, match="topics_<yours>"):
        parse_task(name)


def test_task_of_reads_a_file_name() -> None:
    assert task_of(Path("data/topics_desk.dev.jsonl.gz")).name == "topics_desk"


def test_shipped_tasks_are_of_every_kind() -> None:
    assert {parse_task(name).kind for name in SHIPPED} == set(TaskKind)
