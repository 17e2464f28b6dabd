import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Engine, inspect

from workers.cli import COMMANDS

_PAGES = ["settings.md", "commands.md", "views.md", "metrics.md", "errors.md"]


@pytest.fixture
def reference(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (root / "docs" / "reference").glob("*.md")}


def test_written_pages_have_no_diff(generator: ModuleType, engine: Engine, reference: dict[str, str]) -> None:
    fresh = generator.written(engine)

    assert sorted(fresh) == sorted(reference)
    assert [name for name, text in fresh.items() if reference[name] != text] == [], "run `make reference`"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_of_the_registry_is_documented(reference: dict[str, str], name: str) -> None:
    assert f"\n## `bellwether {name}`\n" in reference["commands.md"]


@pytest.mark.parametrize("page", _PAGES)
def test_nothing_is_listed_without_a_description(reference: dict[str, str], page: str) -> None:
    bare = [line for line in reference[page].splitlines() if line.startswith("| `") and re.search(r"\|\s*\|$", line)]

    assert bare == []


def test_every_view_of_the_database_is_documented(reference: dict[str, str], engine: Engine) -> None:
    views = inspect(engine).get_view_names()

    assert {"v_sentiment_hourly", "v_topic_daily", "v_entity_mentions", "v_jobs", "v_incidents"} <= set(views)
    assert [view for view in views if f"\n## `{view}`\n" not in reference["views.md"]] == []


def test_every_reason_that_intake_gives_is_explained(generator: ModuleType) -> None:
    errors = import_module("pages.errors")

    given = errors.raised_reasons()

    assert given
    assert given <= set(errors.REASONS)


def test_no_reason_is_explained_that_nobody_gives(generator: ModuleType) -> None:
    errors = import_module("pages.errors")

    of_the_ledger = {"crashed_worker", "timed_out", "failed"}
    assert set(errors.REASONS) - errors.raised_reasons() == of_the_ledger
