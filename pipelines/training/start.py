"""Make the network that training starts from: the base encoder's weights and fresh heads."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from pipelines.encoder import config_from_bert, from_bert
from pipelines.heads import tag_names
from pipelines.network import Network, NetworkConfig
from pipelines.records import SENTIMENTS
from pipelines.tokens import Shape, TextTokenizer
from pipelines.training.data import GROUPS


def start_network(base: Path, *, heads: Mapping[str, tuple[str, ...]], dropout: float, seed: int) -> Network:
    """Read a Hugging Face BERT folder and put untaught heads on it; `dropout` acts inside the encoder."""
    values = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config = replace(config_from_bert(values, n_shapes=len(Shape)), dropout=dropout)
    tokenizer = TextTokenizer(read_tokenizer(base))
    special = {"pad": tokenizer.special("[PAD]"), "start": tokenizer.special("[CLS]"), "end": tokenizer.special("[SEP]")}
    torch.manual_seed(seed)
    network = Network(NetworkConfig(encoder=config, heads=heads, tags=tag_names(GROUPS), targets=SENTIMENTS, special=special))
    missing, unexpected = network.encoder.load_state_dict(
        from_bert(load_file(str(base / "model.safetensors")), config=config), strict=False
    )
    if unexpected or missing != ["shapes.weight"]:
        raise ValueError(f"{base} does not hold the encoder expected: missing {missing}, unexpected {unexpected}")
    return network


def read_tokenizer(base: Path) -> Tokenizer:
    """Read the base's `tokenizer.json` without the truncation and padding that it may be set to."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
