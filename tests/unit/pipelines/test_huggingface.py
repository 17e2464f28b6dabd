from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedTokenizerFast,
)

from pipelines.analyzer import Analyzer
from pipelines.errors import ModelUnavailable
from pipelines.heads import decode_tags
from pipelines.huggingface import HuggingFaceModel
from pipelines.model import Model, load_model
from pipelines.records import Analysis, Document, Kind
from pipelines.taxonomy import read_taxonomies
from pipelines.tokens import Tokens

SENTIMENTS = {0: "Positive", 1: "Negative", 2: "Neutral"}
TAGS = {0: "O", 1: "B-MISC", 2: "I-MISC", 3: "B-PERSON", 4: "I-PERSON"}


def saved(kind: Any, folder: Path, tokenizer: Tokenizer, *, labels: dict[int, str] | None = None, max_tokens: int = 40) -> Path:
    torch.manual_seed(len(labels or {}))
    names = {} if labels is None else {"id2label": labels, "label2id": {name: index for index, name in labels.items()}}
    config = BertConfig(
        vocab_size=400, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, initializer_range=0.5,
        max_position_embeddings=max_tokens, **names,
    )  # fmt: skip
    kind(config).save_pretrained(folder)
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_tokens, **special).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, tiny_tokenizer: Tokenizer) -> Path:
    saved(BertForSequenceClassification, tmp_path / "sentiment", tiny_tokenizer, labels=SENTIMENTS)
    saved(BertForSequenceClassification, tmp_path / "topics", tiny_tokenizer, labels={0: "LABEL_0", 1: "LABEL_1"}, max_tokens=20)
    saved(BertForTokenClassification, tmp_path / "entities", tiny_tokenizer, labels=TAGS)
    saved(BertModel, tmp_path / "embedding", tiny_tokenizer)
    return tmp_path


def loaded(folder: Path, text: str) -> Model:
    (folder / "catalog.toml").write_text(f'[models.hf]\nkind = "huggingface"\n{text}')
    return load_model("hf", catalog=folder / "catalog.toml")


ALL = """
sentiment = { path = "sentiment" }
topics = { path = "topics", taxonomy = "complaints", labels = { LABEL_0 = "loan", LABEL_1 = "mortgage" } }
entities = { path = "entities", labels = { PERSON = "PER", MISC = "O" } }
embedding = { path = "embedding" }
"""


def test_huggingface_model_answers_in_our_labels_and_order(folder: Path) -> None:
    model = loaded(folder, ALL)
    theirs = BertForSequenceClassification.from_pretrained(folder / "sentiment").eval()
    [window] = model.tokenize(["great news"])

    [output] = model.forward([window])

    with torch.inference_mode():
        wanted = theirs(torch.tensor([[2, *window.ids, 3]])).logits[0].numpy()
    assert model.labels == {
        "sentiment_news": ("negative", "neutral", "positive"),
        "sentiment_support": ("negative", "neutral", "positive"),
        "topics_complaints": ("loan", "mortgage"),
        "entities": ("O", "B-PER", "I-PER"),
    }
    assert np.allclose(output.logits["sentiment_news"], wanted[[1, 2, 0]], atol=1e-5)
    assert output.embedding is not None
    assert np.linalg.norm(output.embedding) == pytest.approx(1, abs=1e-5)


def test_huggingface_model_adds_dropped_groups_to_outside(folder: Path) -> None:
    model = loaded(folder, ALL)
    [window] = model.tokenize(["tim cook is late"])

    [output] = model.forward([window])

    assert output.tags is not None
    assert output.tags.shape == (4, 3)
    assert np.allclose(np.exp(output.tags).sum(axis=1), 1, atol=1e-4)
    assert all(group == "PER" for _, _, group, _ in decode_tags(output.tags, model.labels["entities"]))


def test_huggingface_model_gives_each_window_what_it_gives_it_alone(folder: Path) -> None:
    model = loaded(folder, ALL)
    windows = model.tokenize(["a", "the market falls and Apple pays a fee", "great news"])

    together = model.forward(windows)

    for window, output in zip(windows, together, strict=True):
        [alone] = model.forward([window])
        assert output.tags is not None
        assert alone.tags is not None
        assert np.allclose(output.tags, alone.tags, atol=1e-4)
        assert all(np.allclose(output.logits[head], alone.logits[head], atol=1e-4) for head in alone.logits)


def test_huggingface_model_reads_all_of_a_window_that_one_part_finds_too_long(folder: Path) -> None:
    """Its vocabulary splits words that the primary model's keeps whole; the pieces are averaged, none is cut off."""
    model = loaded(folder, ALL)
    assert isinstance(model, HuggingFaceModel)
    topics = model._sequence["topics_complaints"]
    [window] = model.tokenize(["the bank " * 20])

    pieces = model._pieces(topics, window)

    assert model.window_tokens == topics.max_tokens == 18
    assert [len(piece) for piece in pieces] == [18, 18, 4]


def test_huggingface_model_decodes_a_window_whose_text_nobody_kept(folder: Path) -> None:
    model = loaded(folder, ALL)
    [window] = model.tokenize(["the market falls"])

    [kept], [lost] = model.forward([window]), model.forward([Tokens(window.ids, window.shapes, window.offsets, window.word_starts)])

    assert np.allclose(kept.logits["topics_complaints"], lost.logits["topics_complaints"], atol=1e-5)


def test_huggingface_model_works_with_sentiment_alone(folder: Path) -> None:
    model = loaded(folder, 'sentiment = { path = "sentiment" }\n')
    model.warm_up()

    [output] = model.forward(model.tokenize(["bad"]))

    assert set(model.labels) == {"sentiment_news", "sentiment_support"}
    assert (output.tags, output.embedding) == (None, None)


def test_huggingface_model_asks_for_a_label_map_where_names_are_not_ours(folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="map its labels"):
        loaded(folder, 'sentiment = { path = "topics" }\n')


def test_huggingface_model_reads_nothing_but_safetensors(folder: Path) -> None:
    weights = folder / "sentiment" / "model.safetensors"
    torch.save({}, folder / "sentiment" / "pytorch_model.bin")
    weights.unlink()

    with pytest.raises(ModelUnavailable, match="safetensors"):
        loaded(folder, 'sentiment = { path = "sentiment" }\n')


def test_huggingface_model_says_which_folder_is_missing(folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="nowhere"):
        loaded(folder, 'sentiment = { path = "nowhere" }\n')


def test_analyzer_leaves_sentiment_towards_mentions_open(folder: Path) -> None:
    analyzer = Analyzer(loaded(folder, ALL), taxonomies=read_taxonomies())

    [analysis] = analyzer.analyze([Document(1, Kind.NEWS, "Tim Cook sold $AAPL in London", "complaints")])

    assert isinstance(analysis, Analysis)
    assert "AAPL" in {one.entity for one in analysis.mentions}
    assert all(one.sentiment is None for one in analysis.mentions)
