"""Tiny models made on the spot: random weights, two layers, a vocabulary of a few hundred pieces."""

import copy
import shutil
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from pipelines.encoder import EncoderConfig
from pipelines.heads import tag_names
from pipelines.model import BellwetherModel
from pipelines.network import Calibration, Network, NetworkConfig, save_network
from pipelines.records import SENTIMENTS
from pipelines.weights import lend_words

WORDS = [
    "the", "a", "of", "in", "bank", "card", "apple", "profit", "loss", "falls", "rises", "great", "bad",
    "news", "market", "late", "fee", "paid", "tim", "cook", "london", "my", "is", "was", "not", "very",
]  # fmt: skip

TINY = EncoderConfig(vocab_size=400, width=32, n_layers=2, n_attention_heads=4, inner_width=64, n_positions=64, dropout=0.0)

HEADS = {
    "sentiment_news": ("negative", "neutral", "positive"),
    "sentiment_support": ("negative", "neutral", "positive"),
    "topics_banking77": ("card", "fee", "transfer"),
    "topics_complaints": ("loan", "mortgage"),
}


def make_tokenizer() -> Tokenizer:
    characters = string.ascii_lowercase + string.digits + string.punctuation + "éü"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters, *(f"##{character}" for character in characters), *WORDS]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # type: ignore[call-arg]
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Tokenizer:
    return make_tokenizer()


@pytest.fixture(scope="session")
def tiny_network() -> Network:
    """A random network with every head; its letter-case embedding is not zero, so that it shows."""
    torch.manual_seed(5)
    config = NetworkConfig(
        encoder=TINY,
        heads=HEADS,
        tags=tag_names(("PER", "ORG", "LOC")),
        targets=SENTIMENTS,
        calibration={"topics_banking77": Calibration(temperature=2.0, threshold=0.1)},
        window_tokens=30,
        special={"pad": 0, "start": 2, "end": 3},
    )
    network = Network(config).eval()
    torch.nn.init.normal_(network.encoder.shapes.weight)
    return network


@pytest.fixture(scope="session")
def tiny_folder(tiny_network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder in the project's own format."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    save_network(tiny_network, folder, tokenizer=make_tokenizer().to_str())
    return folder


@pytest.fixture(scope="session")
def bert_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face BERT folder to start from: random, saved as safetensors, with the tiny tokenizer."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("base") / "bert"
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=400, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, max_position_embeddings=160
    )
    BertModel(config).save_pretrained(folder)
    save_tokenizer(PreTrainedTokenizerFast, folder, max_tokens=160)
    return folder


def save_tokenizer(kind: type, folder: Path, *, max_tokens: int) -> None:
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    kind(tokenizer_object=make_tokenizer(), model_max_length=max_tokens, **special).save_pretrained(folder)


@pytest.fixture
def tiny_model(tiny_folder: Path) -> BellwetherModel:
    """The random model, loaded as workers load it, in single precision so that figures compare closely."""
    model = BellwetherModel("tiny", folder=tiny_folder)
    model.network.encoder.float()
    return model


@pytest.fixture(scope="session")
def tiny_int8_folder(tiny_network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model, stored in 8 bits."""
    return save_changed(tiny_network, tmp_path_factory.mktemp("int8") / "model", is_int8=True)


@pytest.fixture
def borrowing_folder(tiny_network: Network, tiny_folder: Path, tmp_path: Path) -> Path:
    """The same model, without word embeddings of its own: they lie in the folder `lender` beside it."""
    shutil.copytree(tiny_folder, tmp_path / "lender")
    folder = tmp_path / "borrower"
    return save_changed(tiny_network, folder, words=lend_words(tmp_path / "lender", to=folder))


@pytest.fixture(scope="session")
def other_folder(tiny_network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the same kind with other weights."""
    torch.manual_seed(6)
    folder = tmp_path_factory.mktemp("other") / "model"
    save_network(Network(tiny_network.config), folder, tokenizer=make_tokenizer().to_str())
    return folder


def save_changed(network: Network, folder: Path, **changes: Any) -> Path:
    other = copy.deepcopy(network)
    other.config = replace(network.config, **changes)
    save_network(other, folder, tokenizer=make_tokenizer().to_str())
    return folder
