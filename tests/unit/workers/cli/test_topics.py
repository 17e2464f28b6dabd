import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.errors import UnknownTaxonomy
from workers.cli.topics import app
from workers.settings import settings


def test_topics_list_shows_the_shipped_taxonomies() -> None:
    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)

    kinds = {row["taxonomy"]: row["kind"] for row in rows}
    assert {name for name, kind in kinds.items() if kind == "described"} == {"finance-desk", "general-news"}
    assert {"banking77", "complaints"} <= {name for name, kind in kinds.items() if kind == "trained"}
    assert "finance-desk" in CliRunner().invoke(app, ["list"]).stdout


def test_topics_list_includes_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.toml").write_text('name = "own"\n[[topics]]\nname = "a"\ndescription = "An a."\n', encoding="utf-8")
    monkeypatch.setenv("BELLWETHER_ENGINE__TAXONOMIES", str(tmp_path))
    settings.cache_clear()

    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)

    assert {"taxonomy": "own", "kind": "described", "topics": 1, "threshold": None, "description": ""} in rows


@pytest.mark.parametrize(("name", "topic"), [("finance-desk", "earnings"), ("complaints", "mortgage")])
def test_topics_show_lists_the_topics(name: str, topic: str) -> None:
    assert topic in CliRunner().invoke(app, ["show", name]).stdout
    assert json.loads(CliRunner().invoke(app, ["show", name, "--json"]).stdout)["name"] == name


def test_topics_show_refuses_an_unknown_taxonomy() -> None:
    assert isinstance(CliRunner().invoke(app, ["show", "nope"]).exception, UnknownTaxonomy)
