"""A tiny random model in a catalog of its own, for workers that load one."""

import string
from pathlib import Path

import pytest

HEADS = dict.fromkeys(("sentiment_news", "sentiment_support"), ("negative", "neutral", "positive")) | {
    "topics_complaints": ("loan", "mortgage")
}


@pytest.fixture(scope="session")
def tiny_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog whose only new model, `tiny`, is a folder in the project's own format."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    from pipelines.encoder import EncoderConfig
    from pipelines.heads import tag_names
    from pipelines.network import Network, NetworkConfig, save_network

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.printable, *(f"##{character}" for character in string.printable)]
    tokenizer = Tokenizer(models.WordPiece({piece: number for number, piece in enumerate(dict.fromkeys(pieces))}, unk_token="[UNK]"))  # type: ignore[call-arg]
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    encoder = EncoderConfig(vocab_size=300, width=16, n_layers=1, n_attention_heads=2, inner_width=32, n_positions=64, dropout=0.0)
    torch.manual_seed(1)
    config = NetworkConfig(
        encoder=encoder, heads=HEADS, tags=tag_names(("PER", "ORG", "LOC")), window_tokens=60, special={"pad": 0, "start": 2, "end": 3}
    )
    folder = tmp_path_factory.mktemp("catalog")
    save_network(Network(config), folder / "tiny", tokenizer=tokenizer.to_str())
    (folder / "catalog.toml").write_text('[models.tiny]\nkind = "bellwether"\npath = "tiny"\n', encoding="utf-8")
    return folder / "catalog.toml"


@pytest.fixture
def tiny_engine(tiny_catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name the tiny model."""
    from workers.settings import settings

    for name, value in {"MODEL": "tiny", "CATALOG": str(tiny_catalog), "DEVICE": "cpu"}.items():
        monkeypatch.setenv(f"BELLWETHER_ENGINE__{name}", value)
    settings.cache_clear()
