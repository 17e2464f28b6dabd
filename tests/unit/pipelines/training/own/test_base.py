"""A base may be a catalogue's model, a folder in either format, or fresh weights; anything else is told apart."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from pipelines.errors import ModelUnavailable
from pipelines.network import Network
from pipelines.training.own.base import find_base, fresh_base
from pipelines.training.own.options import Method, options_for


def test_find_base_takes_a_name_of_the_catalogue(catalog: Path, tiny_network: Network, tiny_folder: Path) -> None:
    base = find_base("default", catalog=catalog)

    assert base.network.config.heads == tiny_network.config.heads
    assert base.folder == tiny_folder


def test_find_base_takes_a_folder_of_our_own(tiny_folder: Path) -> None:
    assert find_base(str(tiny_folder)).revision == find_base(str(tiny_folder)).revision != ""


def test_find_base_keeps_what_is_taught_on_a_compressed_model_whole(tiny_int8_folder: Path, borrowing_folder: Path) -> None:
    for folder in (tiny_int8_folder, borrowing_folder):
        config = find_base(str(folder)).network.config

        assert (config.is_int8, config.words) == (False, None)


def test_find_base_takes_a_bert_folder(bert_base: Path) -> None:
    base = find_base(str(bert_base))

    assert base.network.config.heads == {}
    assert base.network.config.encoder.width == 32
    assert base.folder is None


@pytest.mark.parametrize(("change", "told"), [({"model_type": "roberta"}, "must be BERT-shaped"), ({"hidden_act": "relu"}, "not usable")])
def test_find_base_says_what_is_wrong_with_a_folder(change: dict[str, str], told: str, bert_base: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(bert_base, tmp_path / "other"))
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**values, **change}))

    with pytest.raises(ModelUnavailable, match=told):
        find_base(str(folder))


def test_find_base_lists_the_names_there_are(catalog: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no base 'nothing': neither in the catalogue \(default"):
        find_base("nothing", catalog=catalog)


def test_fresh_base_has_the_sizes_asked_for_and_the_same_weights_each_time(catalog: Path) -> None:
    options = options_for("topics_desk", Method.SCRATCH, n_layers=1, n_attention_heads=2, width=16)
    known = find_base("default", catalog=catalog)

    first, second = (fresh_base(known, options).network for _ in range(2))

    assert (len(first.encoder.layers), first.config.encoder.width) == (1, 16)
    assert torch.equal(first.encoder.words.weight, second.encoder.words.weight)
