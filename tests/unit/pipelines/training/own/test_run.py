"""Whole runs on a tiny base: every task, every method, cut off and taken up again."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.model import BellwetherModel
from pipelines.training.own.metrics import read_metrics
from pipelines.training.own.options import Method
from pipelines.training.own.outcome import Outcome
from pipelines.training.own.run import Order, run_own
from pipelines.training.own.watch import Pace, Unwatched

TASKS = ["topics_desk", "sentiment_desk", "entities", "sentiment_targets"]


class Killed(Exception):
    """The run was cut off."""


class Killer(Unwatched):
    """Cuts a run off in the middle of its third round."""

    def __init__(self) -> None:
        self.n_rounds = 0

    def line(self, text: str) -> None:
        self.n_rounds += text.startswith("round")

    def step(self, pace: Pace) -> None:
        if self.n_rounds == 2:
            raise Killed(pace.step)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("method", [Method.HEAD, Method.FULL])
def test_run_own_makes_a_model_that_serves(task: str, method: Method, order: Callable[..., Order], listener: Any) -> None:
    outcome = run_own(order(task, method), watch=listener)

    model = BellwetherModel("desk", folder=outcome.model)
    assert task in model.labels
    assert {"topics_banking77", "sentiment_news"} < set(model.labels)
    assert {path.name for path in outcome.model.parent.iterdir()} == {
        "README.md", "checkpoint.pt", "config.json", "curves.png", "figures.json", "metrics.jsonl", "model", "report.html",
    }  # fmt: skip
    assert json.loads((outcome.model.parent / "figures.json").read_text())["revision"] == outcome.revision
    assert len(listener.paces) >= 2
    assert any(line.startswith("round 1") for line in listener.lines)


@pytest.mark.parametrize("task", ["topics_desk", "entities"])
def test_run_own_with_lora_leaves_a_plain_model(task: str, order: Callable[..., Order]) -> None:
    outcome = run_own(order(task, Method.LORA), watch=Unwatched())

    assert BellwetherModel("desk", folder=outcome.model).labels[task]
    assert 0 < outcome.n_learnt < outcome.n_weights
    assert {one.head for one in outcome.drifts} >= {"sentiment_news", "embedding"}


def test_run_own_from_scratch_says_how_far_it_falls_behind(order: Callable[..., Order]) -> None:
    outcome = run_own(order("topics_desk", Method.SCRATCH), watch=Unwatched())

    assert outcome.beside is not None
    assert set(BellwetherModel("desk", folder=outcome.model).labels) == {"topics_desk"}
    assert "What `--base default --method head` makes of the same rows" in (outcome.model / "README.md").read_text()


def test_run_own_with_head_leaves_every_other_answer_as_it_was(order: Callable[..., Order], tiny_folder: Path) -> None:
    outcome = run_own(order("topics_desk", Method.HEAD), watch=Unwatched())

    before, after = (BellwetherModel("one", folder=folder) for folder in (tiny_folder, outcome.model))
    texts = ["Tim Cook in London", "my card is late"]
    for one, other in zip(before.forward(before.tokenize(texts)), after.forward(after.tokenize(texts)), strict=True):
        for head in before.network.config.heads:
            assert np.array_equal(one.logits[head], other.logits[head])
        assert one.tags is not None
        assert other.tags is not None
        assert np.array_equal(one.tags, other.tags)


@pytest.mark.parametrize("method", [Method.FULL, Method.LORA, Method.HEAD])
def test_run_own_that_was_cut_off_ends_as_if_it_had_not_been(method: Method, order: Callable[..., Order], tmp_path: Path) -> None:
    whole = order("topics_desk", method, n_epochs=4, patience=9)
    wanted = run_own(replace(whole, out=tmp_path / "whole"), watch=Unwatched())
    cut = replace(whole, out=tmp_path / "cut")
    with pytest.raises(Killed):
        run_own(cut, watch=Killer())

    outcome = run_own(cut, watch=Unwatched())

    assert outcome.revision == wanted.revision
    assert outcome.evaluation.figures() == pytest.approx(wanted.evaluation.figures())
    assert _untimed(tmp_path / "cut") == _untimed(tmp_path / "whole")


def _untimed(folder: Path) -> list[Any]:
    return [replace(one, seconds=0) for one in read_metrics(folder)]


def test_run_own_taken_up_after_its_end_changes_nothing(order: Callable[..., Order]) -> None:
    first = run_own(order("topics_desk", Method.HEAD), watch=Unwatched())

    again = run_own(order("topics_desk", Method.HEAD), watch=Unwatched())

    assert (again.revision, again.rounds) == (first.revision, first.rounds)


def test_run_own_keeps_the_entity_types_of_the_base(order: Callable[..., Order]) -> None:
    outcome = run_own(order("entities", Method.HEAD), watch=Unwatched())

    assert set(outcome.lesson.labels) == {"PERSON", "PER", "ORG", "LOC"}
    assert any("No row marks PER, ORG, LOC" in note for note in outcome.notes)


def test_run_own_writes_a_card_that_tells_how_to_make_it_again(order: Callable[..., Order]) -> None:
    outcome = run_own(order("sentiment_desk", Method.FULL, seed=5), watch=Unwatched())

    card = (outcome.model / "README.md").read_text()
    assert "bellwether train sentiment_desk --data sentiment_desk.jsonl --base default --method full --name desk --seed 5" in card
    assert outcome.revision in card
    assert "What became of the base's other heads" in card
    assert outcome.before is not None  # a sentiment head of the base was there to begin with


def test_run_own_learns_what_can_be_learnt(order: Callable[..., Order], listener: Any) -> None:
    asked = {"n_epochs": 60, "patience": 60, "encoder_rate": 1e-2, "head_rate": 1e-2}

    outcome: Outcome = run_own(order("topics_desk", Method.SCRATCH, **asked), watch=listener)  # the tiny base's own words are all alike

    assert outcome.evaluation.figures()["accuracy"] > 0.8, listener.lines
