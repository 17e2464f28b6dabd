"""Teaches a tiny random model on a few rows: the real code, in seconds."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from workers.cli.train import train_app
from workers.settings import settings

ROWS: dict[str, list[dict[str, Any]]] = {
    "sentiment_news": [{"text": "profit falls", "label": "negative"}, {"text": "great profit", "label": "positive"}],
    "sentiment_support": [{"text": "card late", "label": "negative"}, {"text": "great card", "label": "positive"}],
    "topics_banking77": [{"text": "card late", "label": "card"}, {"text": "great fee", "label": "fee"}],
    "topics_complaints": [{"text": "late fee", "label": "loan"}, {"text": "great profit", "label": "mortgage"}],
    "entities": [{"text": "Cook late", "entities": [{"start": 0, "end": 4, "label": "PER"}]}],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    import gzip

    folder = tmp_path / "data"
    folder.mkdir()
    for task, rows in ROWS.items():
        for split in ("train", "dev"):
            with gzip.open(folder / f"{task}.{split}.jsonl.gz", "wt") as stream:
                stream.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base")
    BertModel(
        BertConfig(
            vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=160
        )
    ).save_pretrained(folder)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "profit", "falls", "great", "card", "late", "fee", "cook"]
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def options(data: Path, base: Path, out: Path, n_steps: int) -> list[str]:
    return ["--data", str(data), "--base", str(base), "--out", str(out), "--n-steps", str(n_steps), "--token-budget", "128"]


@pytest.fixture
def trained(data: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that `bellwether train` made, in a catalog of its own under the name `own`."""
    result = CliRunner().invoke(train_app, options(data, base, tmp_path / "run", 2))
    assert result.exit_code == 0, result.output
    assert "entities: precision" in result.stdout
    catalog = tmp_path / "catalog.toml"
    catalog.write_text('[models.own]\nkind = "bellwether"\npath = "run/model"\n')
    monkeypatch.setenv("BELLWETHER_ENGINE__CATALOG", str(catalog))
    settings.cache_clear()
    return tmp_path / "run"


def test_train_makes_a_model_folder_with_its_card(trained: Path) -> None:
    names = {path.name for path in (trained / "model").iterdir()}

    assert names == {"README.md", "config.json", "model.safetensors", "tokenizer.json"}


def test_train_refuses_to_mix_two_recipes_in_one_folder(trained: Path, data: Path, base: Path) -> None:
    result = CliRunner().invoke(train_app, options(data, base, trained, 3))

    assert result.exit_code == 2
    assert "another recipe" in result.stderr
