import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipelines.network import load_network
from pipelines.training import train as module
from pipelines.training.train import Recipe, train

RECIPE = Recipe(n_steps=12, token_budget=80, teacher_tokens=30)


class Killed(Exception):
    pass


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load_network(folder).state_dict())


def test_train_lowers_the_losses(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, n_steps=60, encoder_rate=3e-3, head_rate=3e-3)

    train(recipe, data=data_folder, base=bert_base, out=tmp_path / "run", save_every=60)

    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 61))
    for task in ("sentiment_news", "topics_banking77", "entities"):
        losses = [row["loss"] for row in rows if row["task"] == task]
        assert losses[-1] < losses[0]


def test_train_leaves_word_embeddings_alone(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    folder = train(RECIPE, data=data_folder, base=bert_base, out=tmp_path / "run")

    from safetensors.torch import load_file

    base = load_file(str(bert_base / "model.safetensors"))
    taught = weights(folder)
    assert torch.equal(taught["encoder.words.weight"], base["embeddings.word_embeddings.weight"].half().float())
    assert not torch.equal(taught["encoder.shapes.weight"], torch.zeros(7, 32))


def test_train_goes_on_from_its_checkpoint_to_the_same_weights(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    def kill(_: Path, step: int) -> None:
        if step == 5:
            with (tmp_path / "killed" / "metrics.jsonl").open("a") as stream:
                stream.write('{"step": 6, "task": "lost"}\n')
            raise Killed

    whole = train(RECIPE, data=data_folder, base=bert_base, out=tmp_path / "whole", save_every=5)
    with pytest.raises(Killed):
        train(RECIPE, data=data_folder, base=bert_base, out=tmp_path / "killed", save_every=5, on_save=kill)
    resumed = train(RECIPE, data=data_folder, base=bert_base, out=tmp_path / "killed", save_every=5)

    assert all(torch.equal(value, weights(resumed)[name]) for name, value in weights(whole).items())
    lines = (tmp_path / "killed" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, 13))


def test_train_refuses_to_go_on_with_another_recipe(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    train(RECIPE, data=data_folder, base=bert_base, out=tmp_path / "run")

    with pytest.raises(ValueError, match="another recipe"):
        train(replace(RECIPE, seed=2), data=data_folder, base=bert_base, out=tmp_path / "run")


def test_train_leaves_no_half_written_checkpoint(data_folder: Path, bert_base: Path, tmp_path: Path) -> None:
    train(RECIPE, data=data_folder, base=bert_base, out=tmp_path / "run")

    assert (tmp_path / "run" / module.CHECKPOINT).exists()
    assert not list((tmp_path / "run").glob("*.tmp"))
