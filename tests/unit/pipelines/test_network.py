import json
import shutil
from pathlib import Path

import pytest
import torch

from pipelines.errors import ModelUnavailable
from pipelines.network import Network, NetworkConfig, load_network


def test_load_network_returns_what_was_saved_in_half_precision(tiny_network: Network, tiny_folder: Path) -> None:
    loaded = load_network(tiny_folder)

    assert loaded.config == tiny_network.config
    for name, value in tiny_network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.to(torch.float16).float()), name
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_network_config_reads_what_it_wrote(tiny_network: Network) -> None:
    assert NetworkConfig.from_json(tiny_network.config.to_json()) == tiny_network.config


def test_save_network_lets_other_accounts_read_the_weights(tiny_folder: Path) -> None:
    assert (tiny_folder / "model.safetensors").stat().st_mode & 0o044 == 0o044


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_load_network_names_a_missing_file(missing: str, tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder, tmp_path / "model")
    (tmp_path / "model" / missing).unlink()

    with pytest.raises(ModelUnavailable, match=missing):
        load_network(tmp_path / "model")


def test_load_network_refuses_another_format(tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text()) | {"format": 99}
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))

    with pytest.raises(ModelUnavailable, match="format 99"):
        load_network(tmp_path / "model")


def test_load_network_refuses_weights_of_another_shape(tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    config["heads"]["topics_complaints"].append("third")
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))

    with pytest.raises(ModelUnavailable, match="does not fit"):
        load_network(tmp_path / "model")


def test_embed_starts_as_the_mean_of_real_tokens(tiny_network: Network) -> None:
    hidden = torch.randn(2, 5, 32)
    mask = torch.tensor([[True] * 5, [True, True, False, False, False]])

    vectors = tiny_network.embed(hidden, mask)

    assert torch.allclose(vectors[1], torch.nn.functional.normalize(hidden[1, :2].mean(dim=0), dim=0), atol=1e-6)


def test_classify_ignores_padding(tiny_network: Network) -> None:
    hidden, mask = torch.randn(1, 6, 32), torch.tensor([[True, True, True, False, False, False]])

    padded = tiny_network.classify("topics_banking77", hidden, mask)
    alone = tiny_network.classify("topics_banking77", hidden[:, :3], mask[:, :3])

    assert torch.allclose(padded, alone, atol=1e-6)


def test_tag_refuses_a_network_without_an_entity_head(tiny_network: Network) -> None:
    config = NetworkConfig(encoder=tiny_network.config.encoder, heads={}, tags=())

    with pytest.raises(ValueError, match="no entity head"):
        Network(config).tag(torch.zeros(1, 1, 32))


def test_network_config_reads_a_folder_from_before_targets_and_calibration(tiny_network: Network) -> None:
    values = json.loads(tiny_network.config.to_json()) | {"format": 1}
    del values["targets"], values["calibration"]

    config = NetworkConfig.from_json(json.dumps(values))

    assert (config.targets, config.calibration) == ((), {})
    assert config.heads == tiny_network.config.heads


def test_towards_judges_each_chosen_token_as_if_it_were_the_only_one(tiny_network: Network) -> None:
    hidden = torch.randn(3, 6, 32)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2, [True] * 3 + [False] * 3])
    chosen = torch.zeros(3, 6, dtype=torch.bool)
    places = [(0, 1), (0, 4), (0, 5), (2, 2)]
    for row, place in places:
        chosen[row, place] = True

    together = tiny_network.towards(hidden, mask, chosen)

    for logits, (row, place) in zip(together, places, strict=True):
        length = int(mask[row].sum())
        single = torch.zeros(1, length, dtype=torch.bool)
        single[0, place] = True
        alone = tiny_network.towards(hidden[row : row + 1, :length], mask[row : row + 1, :length], single)
        assert torch.allclose(logits, alone[0], atol=1e-5)


def test_towards_of_no_token_is_nothing(tiny_network: Network) -> None:
    none = torch.zeros(2, 4, dtype=torch.bool)

    assert tiny_network.towards(torch.randn(2, 4, 32), ~none, none).shape == (0, 3)


def test_towards_refuses_a_network_without_that_head(tiny_network: Network) -> None:
    config = NetworkConfig(encoder=tiny_network.config.encoder, heads={}, tags=())

    with pytest.raises(ValueError, match="no head of sentiment towards"):
        Network(config).towards(torch.zeros(1, 1, 32), torch.ones(1, 1, dtype=torch.bool), torch.ones(1, 1, dtype=torch.bool))


def test_classify_all_says_what_each_head_says_alone(tiny_network: Network) -> None:
    hidden = torch.randn(2, 5, 32)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])

    found = tiny_network.classify_all(hidden, mask)

    assert list(found) == list(tiny_network.config.heads)
    assert all(torch.allclose(logits, tiny_network.classify(head, hidden, mask), atol=1e-5) for head, logits in found.items())
