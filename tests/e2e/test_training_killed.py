"""A training process that is killed outright goes on, when started again, to the very model that it would have made."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from pipelines.encoder import EncoderConfig
from pipelines.network import Network, NetworkConfig, save_network

WORDS = ("card", "late", "fee", "my", "market", "falls", "profit", "great", "bank", "news")

pytestmark = pytest.mark.e2e


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A tiny random model with one head."""
    torch.manual_seed(3)
    vocabulary = {word: index for index, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    encoder = EncoderConfig(vocab_size=20, width=16, n_layers=1, n_attention_heads=2, inner_width=32, n_positions=32)
    special = {"pad": 0, "start": 2, "end": 3}
    config = NetworkConfig(encoder=encoder, heads={"topics_other": ("a", "b")}, tags=(), window_tokens=30, special=special)
    save_network(Network(config), tmp_path / "base", tokenizer=tokenizer.to_str())
    return tmp_path / "base"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "topics_desk.jsonl"
    texts = [(" ".join(words), "card" if "card" in words else "market") for words in product(WORDS, WORDS, ("card", "market"))]
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in texts))
    return path


def start(out: str, *, rows: Path, base: Path) -> "subprocess.Popen[str]":
    options = ["--base", base, "--out", out, "--name", out, "--epochs", "6", "--patience", "6", "--token-budget", "128", "--device", "cpu"]
    command = [sys.executable, "-m", "workers.cli", "train", "topics_desk", "--data", rows, *options]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(list(map(str, command)), cwd=rows.parent, env=environment, stdout=subprocess.PIPE, text=True)


def outcome(folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The metrics of every round and the final figures, without times and places."""
    rounds = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    figures = json.loads((folder / "figures.json").read_text())
    return [{**one, "seconds": 0} for one in rounds], {**figures, "seconds": 0, "name": "", "model": ""}


def test_train_killed_in_mid_training_resumes_to_the_same_metrics(rows: Path, base: Path) -> None:
    with start("whole", rows=rows, base=base) as whole:
        assert whole.stdout is not None
        whole.stdout.read()
    with start("killed", rows=rows, base=base) as killed:
        assert killed.stdout is not None
        while not killed.stdout.readline().startswith("round 2"):
            assert killed.poll() is None, "it ended before its second round"
        killed.kill()
    assert not (rows.parent / "killed" / "figures.json").exists()

    with start("killed", rows=rows, base=base) as again:
        assert again.stdout is not None
        told = again.stdout.read()

    assert (whole.returncode, killed.returncode, again.returncode) == (0, -9, 0)
    assert "going on with killed" in told
    assert "round 1," not in told
    assert outcome(rows.parent / "killed") == outcome(rows.parent / "whole")
