from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import torch

from pipelines.network import Network
from pipelines.tokens import Tokens
from pipelines.training.compress.distil import Recipe, distance, distil, plan_steps
from pipelines.training.compress.pruning import prune

RECIPE = Recipe("0123456789ab", layers=(0,), texts=("any.jsonl",), token_budget=60, rate=2e-3)


class CutOffError(Exception):
    """Stands for a kill."""


def total(teacher: Network, student: Network, windows: list[Tokens]) -> float:
    with torch.no_grad():
        return float(distance(teacher, student, windows[:20], answers_weight=1.0)["total"])


def test_plan_steps_shows_every_window_once(windows: list[Tokens]) -> None:
    plan = plan_steps(windows, token_budget=60, seed=3)

    assert sorted(one.text for one in chain.from_iterable(plan)) == sorted(one.text for one in windows)
    assert plan == plan_steps(windows, token_budget=60, seed=3)
    assert plan != plan_steps(windows, token_budget=60, seed=4)


def test_distance_of_a_network_to_itself_is_nothing(teacher: Network, windows: list[Tokens]) -> None:
    assert total(teacher, teacher, windows) == pytest.approx(0, abs=1e-4)


def test_distil_brings_a_shallow_network_nearer_and_leaves_the_teacher_alone(
    teacher: Network, windows: list[Tokens], tmp_path: Path
) -> None:
    student = prune(teacher, layers=[0])
    before, words = {name: value.clone() for name, value in teacher.state_dict().items()}, student.encoder.words.weight.clone()
    far = total(teacher, student, windows)

    distil(teacher, student, windows * 4, recipe=RECIPE, out=tmp_path / "run")

    assert total(teacher, student, windows) < 0.8 * far
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert torch.equal(student.encoder.words.weight, words)


def test_distil_goes_on_after_a_cut_and_comes_to_the_same_weights(teacher: Network, windows: list[Tokens], tmp_path: Path) -> None:
    whole, cut = prune(teacher, layers=[0]), prune(teacher, layers=[0])
    distil(teacher, whole, windows, recipe=RECIPE, out=tmp_path / "whole", save_every=2)

    def stop(done: int, total: int, loss: float) -> None:
        if done == 5:
            raise CutOffError

    with pytest.raises(CutOffError):
        distil(teacher, cut, windows, recipe=RECIPE, out=tmp_path / "cut", save_every=2, on_step=stop)
    again = prune(teacher, layers=[0])
    distil(teacher, again, windows, recipe=RECIPE, out=tmp_path / "cut", save_every=2)

    assert all(torch.equal(value, again.state_dict()[name]) for name, value in whole.state_dict().items())
    lines = [(tmp_path / run / "metrics.jsonl").read_text().splitlines() for run in ("whole", "cut")]
    assert len(lines[0]) == len(lines[1])


def test_distil_refuses_a_folder_with_a_run_of_another_recipe(teacher: Network, windows: list[Tokens], tmp_path: Path) -> None:
    distil(teacher, prune(teacher, layers=[0]), windows[:2], recipe=RECIPE, out=tmp_path)

    with pytest.raises(ValueError, match=r"another recipe.*--work"):
        distil(teacher, prune(teacher, layers=[0]), windows[:2], recipe=replace(RECIPE, seed=18), out=tmp_path)
