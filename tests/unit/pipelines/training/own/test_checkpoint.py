"""Where a run stands is saved in one step, seldom enough, and surely at its end."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipelines.training.data import BadRowError
from pipelines.training.own.checkpoint import CHECKPOINT, SeldomSaver, Standing, read_standing, save_standing

LEARNT = {"weight": torch.arange(3.0)}
FIRST = Standing(1, 1, 0.5, LEARNT, LEARNT, {"state": {}, "param_groups": []})


def test_read_standing_gives_back_what_was_saved(tmp_path: Path) -> None:
    save_standing(FIRST, tmp_path)

    found = read_standing(tmp_path)

    assert found is not None
    assert (found.n_rounds, found.best_round, found.best_loss) == (1, 1, 0.5)
    assert torch.equal(found.learnt["weight"], LEARNT["weight"])
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_read_standing_finds_none_in_a_new_folder(tmp_path: Path) -> None:
    assert read_standing(tmp_path) is None


def test_read_standing_tells_of_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"torn")

    with pytest.raises(BadRowError, match="delete the run's folder"):
        read_standing(tmp_path)


def test_seldom_saver_saves_the_first_and_surely_the_last(tmp_path: Path) -> None:
    save = SeldomSaver(tmp_path)
    save(FIRST)
    first = read_standing(tmp_path)
    last = replace(FIRST, n_rounds=2, best_loss=-math.inf)

    save(last)
    save.at_last(last)

    found = read_standing(tmp_path)
    assert first is not None
    assert found is not None
    assert (first.n_rounds, found.n_rounds) == (1, 2)


def test_seldom_saver_leaves_a_finished_run_alone(tmp_path: Path) -> None:
    SeldomSaver(tmp_path).at_last(FIRST)

    assert read_standing(tmp_path) is None
