import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.training.unregister import NotRemoved
from workers.cli.models import app
from workers.settings import settings

CONFIG = {
    "format": 2,
    "encoder": {"n_layers": 3, "width": 8},
    "heads": {"sentiment_news": ["negative", "neutral", "positive"]},
    "tags": [],
    "targets": [],
    "calibration": {"sentiment_news": {"temperature": 1.25, "threshold": 0.0}},
    "window_tokens": 126,
    "is_int8": True,
    "words": None,
}


def made(folder: Path, **changes: object) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "README.md").write_text("# The card\n")
    return folder


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of one's own: `desk`, `borrower` that shares its words, and an entry whose folder is gone."""
    made(tmp_path / "desk")
    made(tmp_path / "borrower", words={"folder": "../desk", "sha256": "0" * 64})
    path = tmp_path / "catalog.toml"
    entries = {name: f'[models.{name}]\nkind = "bellwether"\npath = "{name}"\n' for name in ("desk", "borrower", "gone")}
    path.write_text("\n".join(entries.values()))
    monkeypatch.setenv("BELLWETHER_ENGINE__CATALOG", str(path))
    settings.cache_clear()
    return path


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_models_list_tells_shipped_own_and_broken_ones_apart(catalog: Path) -> None:
    rows = {row["model"]: row for row in json.loads(run("list", "--json"))}

    assert set(rows) >= {"default", "desk", "borrower", "gone"}
    assert rows["default"]["note"] == "in use"
    assert (rows["desk"]["layers"], rows["desk"]["stored"]) == (3, "8 bits")
    assert rows["borrower"]["note"] == "shares the word embeddings of desk"
    assert "lacks config.json" in rows["gone"]["note"]
    assert "borrower" in run("list")


def test_models_show_tells_the_heads_and_prints_the_card(catalog: Path) -> None:
    values = json.loads(run("show", "desk", "--json"))

    assert values["heads"] == {"sentiment_news": {"labels": 3, "temperature": 1.25}}
    assert "sentiment_news" in run("show", "desk")
    assert run("show", "desk", "--card").startswith("# The card")


def test_models_show_says_that_there_is_no_card(catalog: Path) -> None:
    result = CliRunner().invoke(app, ["show", "gone", "--card"])

    assert result.exit_code == 1
    assert "has no card" in result.output


def test_models_remove_leaves_the_files_unless_told(catalog: Path) -> None:
    assert "gone" in run("remove", "borrower")

    assert "borrower" not in catalog.read_text()
    assert (catalog.parent / "borrower" / "config.json").exists()


def test_models_remove_deletes_files_but_nothing_of_others(catalog: Path) -> None:
    (catalog.parent / "borrower" / "notes.txt").write_text("mine")

    run("remove", "borrower", "--files")

    assert [path.name for path in (catalog.parent / "borrower").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["remove", "default"], "in use"),
        (["remove", "desk", "--files"], "borrower need the files of desk"),
    ],
)
def test_models_remove_refuses_what_is_needed(words: list[str], why: str, catalog: Path) -> None:
    error = CliRunner().invoke(app, words).exception

    assert isinstance(error, NotRemoved)
    assert why in str(error)
    assert "desk" in catalog.read_text()


def test_models_remove_refuses_a_shipped_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_ENGINE__MODEL", "another")
    settings.cache_clear()

    error = CliRunner().invoke(app, ["remove", "default"]).exception

    assert isinstance(error, NotRemoved)
    assert "comes with Bellwether" in str(error)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--data", "nowhere.jsonl"], "there is no nowhere.jsonl"),
        (["--data", "nowhere.jsonl", "--layers", "3"], "go together"),
        (["--data", "nowhere.jsonl", "--texts", "a.jsonl"], "go together"),
    ],
)
def test_models_compress_says_what_is_wrong_before_it_begins(words: list[str], why: str) -> None:
    result = CliRunner().invoke(app, ["compress", "default", *words])

    assert result.exit_code == 2
    assert why in result.output


def test_models_compress_makes_and_enters_a_variant(tiny_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = tmp_path / "sentiment_news.jsonl"
    rows.write_text('{"text": "great profit", "label": "positive"}\n{"text": "the market", "label": "neutral"}\n')

    result = CliRunner().invoke(
        app, ["compress", str(tiny_catalog.parent / "tiny"), "--data", str(rows), "--name", "eight", "--max-loss", "100"]
    )

    assert result.exit_code == 0, result.output
    assert "lost" in result.stdout
    assert 'model = "eight"' in result.stdout
    assert '[models.eight]\nkind = "bellwether"\npath = "models/eight"' in (tmp_path / "catalog.toml").read_text()
    assert (tmp_path / "models" / "eight" / "README.md").exists()
