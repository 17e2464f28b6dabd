"""Teaches tiny random models by the command itself: the real code, in seconds."""

import gzip
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipelines.catalog import read_catalog
from workers.cli.train import train_app
from workers.settings import settings

SHIPPED: dict[str, list[dict[str, Any]]] = {
    "sentiment_news": [{"text": "profit falls", "label": "negative"}, {"text": "great profit", "label": "positive"}],
    "sentiment_support": [{"text": "card late", "label": "negative"}, {"text": "great card", "label": "positive"}],
    "sentiment_targets": [{"text": "cook falls", "targets": [{"start": 0, "end": 4, "label": "negative"}]}],
    "topics_banking77": [{"text": "card late", "label": "card"}, {"text": "great fee", "label": "fee"}],
    "topics_clinc150": [{"text": "late card", "label": "card"}, {"text": "cook", "label": "out_of_scope"}],
    "topics_multidogo": [{"text": "great", "label": "thankyou"}, {"text": "card fee", "label": "card"}],
    "topics_complaints": [{"text": "late fee", "label": "loan"}, {"text": "great profit", "label": "mortgage"}],
    "entities": [{"text": "Cook late", "entities": [{"start": 0, "end": 4, "label": "PER"}]}],
}
WORDS = ["profit", "falls", "great", "card", "late", "fee", "cook"]


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
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, without settings of anybody's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BELLWETHER_ENGINE__CATALOG", raising=False)
    settings.cache_clear()
    return tmp_path


@pytest.fixture
def rows(place: Path) -> Path:
    """Forty-two rows of two topics, as CSV."""
    lines = [
        f'"{first} {last} {n}",{label}' for label in ("card", "profit") for n, (first, last) in enumerate(product(WORDS, (label,) * 3))
    ]
    (place / "topics_desk.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    return place / "topics_desk.csv"


def train(*words: object) -> Result:
    return CliRunner().invoke(train_app, [str(word) for word in words])


def test_train_teaches_registers_and_says_how_to_use_it(rows: Path, base: Path, place: Path) -> None:
    result = train("topics_desk", "--data", rows, "--base", base, "--epochs", 2, "--device", "cpu")

    assert result.exit_code == 0, result.output
    assert "desk" in read_catalog(place / "catalog.toml").models
    assert "round 1, step" in result.stdout
    assert 'catalog = "catalog.toml"\nmodel = "desk"' in result.stdout
    [run] = (place / "runs").iterdir()
    assert run.name.startswith("desk-")
    assert (run / "report.html").exists()


def test_train_prints_nothing_but_json_when_asked(rows: Path, base: Path, place: Path) -> None:
    result = train("topics_desk", "--data", rows, "--base", base, "--method", "head", "--epochs", 1, "--name", "first", "--json")

    values = json.loads(result.stdout)
    assert (values["name"], values["method"], values["kept_as"]) == ("first", "head", None)
    assert {"accuracy", "macro_f1", "by_label"} <= set(values["figures"])
    assert values["n_rows"]["train"] > values["n_rows"]["test"] > 0


def test_train_keeps_the_model_before_under_its_revision(rows: Path, base: Path, place: Path) -> None:
    train("topics_desk", "--data", rows, "--base", base, "--method", "head", "--epochs", 1)

    result = train("topics_desk", "--data", rows, "--base", base, "--method", "head", "--epochs", 1, "--seed", 18)

    names = [name for name in read_catalog(place / "catalog.toml").models if name.startswith("desk")]
    assert "desk is now this model; the one before stays as desk@" in result.stdout
    assert len(names) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["weather", "--data", "topics_desk.csv"], "'weather' is no task: name it entities, sentiment_targets, sentiment_<yours>"),
        (["topics_desk", "--data", "nothing.csv"], "there is no nothing.csv"),
        (["topics_desk", "--data", "angry.csv"], "angry.csv, row 2: `label` must be"),
        (["topics_desk", "--data", "topics_desk.csv", "--dev-share", "0.5", "--test-share", "0.5"], "must leave rows to learn from"),
        (["default", "--data", "topics_desk.csv"], "train default --data FOLDER --base FOLDER --out RUN"),
    ],
)
@pytest.mark.usefixtures("rows")
def test_train_says_what_is_wrong_and_how_to_mend_it(words: list[str], told: str, place: Path) -> None:
    (place / "angry.csv").write_text("text,label\nfee,\n")

    result = train(*words)

    assert result.exit_code == 2
    assert told in result.stderr


def test_train_default_teaches_the_whole_model(base: Path, place: Path) -> None:
    folder = place / "data"
    folder.mkdir()
    for (task, lines), split in product(SHIPPED.items(), ("train", "dev")):
        with gzip.open(folder / f"{task}.{split}.jsonl.gz", "wt") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in lines * 6)
    words = ["default", "--data", folder, "--base", base, "--out", place / "run", "--token-budget", 128]

    result, other = train(*words, "--n-steps", 2), train(*words, "--n-steps", 3)

    assert result.exit_code == 0, result.output
    assert {path.name for path in (place / "run" / "model").iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }
    assert other.exit_code == 2
    assert "another recipe" in other.stderr
