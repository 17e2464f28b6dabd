import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.training.start import read_tokenizer, start_network

HEADS = {"sentiment_news": ("negative", "neutral", "positive")}


def test_start_network_takes_the_base_encoder_and_fresh_heads(bert_base: Path) -> None:
    network = start_network(bert_base, heads=HEADS, dropout=0.0, seed=1)
    again = start_network(bert_base, heads=HEADS, dropout=0.0, seed=1)

    base = load_file(str(bert_base / "model.safetensors"))
    assert torch.equal(network.encoder.words.weight, base["embeddings.word_embeddings.weight"])
    assert network.config.special == {"pad": 0, "start": 2, "end": 3}
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in network.state_dict().items())


def test_start_network_refuses_a_base_that_lacks_weights(bert_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    shutil.copytree(bert_base, folder)
    state = load_file(str(folder / "model.safetensors"))
    state.pop("encoder.layer.1.output.dense.bias")
    save_file(state, str(folder / "model.safetensors"))

    with pytest.raises(KeyError, match=r"layer\.1\.output\.dense\.bias"):
        start_network(folder, heads=HEADS, dropout=0.0, seed=1)


def test_read_tokenizer_drops_truncation_and_padding(bert_base: Path) -> None:
    tokenizer = read_tokenizer(bert_base)

    assert tokenizer.truncation is None
    assert tokenizer.padding is None
