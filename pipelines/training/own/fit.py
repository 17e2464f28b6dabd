"""Teach the head of one's own, and what of the encoder the method frees: in rounds, until they stop helping.

What is learnt in a round follows from the seed and the round's number alone, so that a killed run goes on to the same end.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pipelines.batching import micro_batches
from pipelines.network import Network
from pipelines.training.arithmetic import flushed_denormals
from pipelines.training.losses import task_loss
from pipelines.training.own.checkpoint import SeldomSaver, Standing, read_standing
from pipelines.training.own.items import Items, token_budget_for
from pipelines.training.own.judge import Verdict, ask, judge
from pipelines.training.own.keeping import Memory, kept_loss
from pipelines.training.own.methods import learnt_of, make_optimizer, put_back
from pipelines.training.own.metrics import Round, cut_metrics, log_round
from pipelines.training.own.options import Options
from pipelines.training.own.states import Reader
from pipelines.training.own.watch import Pace, Watch
from pipelines.training.prepare import Item
from pipelines.training.schedule import learning_rate, shuffled_batches
from pipelines.training.tasks import Task, TaskKind

ROUND_STEPS = 200
"""A round is an epoch, or so many steps of a longer one: what a kill can cost, and how often training may stop early."""
LEAST_STEPS = 160
"""Few rows are read more often than asked for: so few steps would not move a head."""

GAIN = 1e-4
"""What a round must gain to count as better: below that, rounds would follow each other for nothing."""


@dataclass(frozen=True, slots=True)
class Course:
    """All that a run's rounds work with; `memory` is what the base's other heads said of the rows to learn from, if that is kept."""

    task: Task
    network: Network
    items: Items
    read_train: Reader
    read_dev: Reader
    memory: Memory | None
    options: Options
    device: torch.device


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a run went: the best of its rounds, counted from 1, or 0 if none was better than none; whether it stopped before its time."""

    best_round: int
    n_rounds: int
    stopped_early: bool


def fit(course: Course, *, out: Path, watch: Watch) -> Fitted:
    """Teach, or go on teaching, `course.network` in place: it ends as it was after its best round."""
    plan = plan_batches(course.items.train, course.options)
    rounds = [plan[start : start + _round_steps(course)] for start in range(0, len(plan), _round_steps(course))]
    optimizer = make_optimizer(course.network, course.options)
    standing = _take_up(course, optimizer, out, watch)
    clock = _Clock(n_steps=len(plan), begun=sum(map(len, rounds[: standing.n_rounds])))
    save = SeldomSaver(out)
    while standing.n_rounds < len(rounds) and not _is_stale(standing, course.options):
        standing = _one_round(course, optimizer, rounds[standing.n_rounds], standing, clock=clock, out=out, watch=watch)
        save(standing)
    save.at_last(standing)
    put_back(course.network, standing.best)
    course.network.eval()
    return Fitted(standing.best_round, standing.n_rounds, standing.n_rounds < len(rounds))


def plan_batches(items: Sequence[Item], options: Options) -> list[list[int]]:
    """Plan every step of a run, the windows of about one length together, in fresh random order each epoch."""
    lengths = [len(item.tokens) + 2 for item in items]
    budget = token_budget_for(items, asked=options.token_budget)
    plan: list[list[int]] = []
    for epoch in count():
        if epoch >= options.n_epochs and len(plan) >= min(LEAST_STEPS, 4 * options.n_epochs * len(items)):
            return plan
        plan += shuffled_batches(lengths, token_budget=budget, rng=np.random.default_rng([options.seed, epoch]))
    raise AssertionError


def _round_steps(course: Course) -> int:
    lengths = [len(item.tokens) + 2 for item in course.items.train]
    budget = token_budget_for(course.items.train, asked=course.options.token_budget)
    return min(ROUND_STEPS, len(list(micro_batches(lengths, token_budget=budget))))


def _take_up(course: Course, optimizer: torch.optim.Optimizer, out: Path, watch: Watch) -> Standing:
    standing = read_standing(out)
    cut_metrics(out, n_rounds=standing.n_rounds if standing else 0)  # what came after the checkpoint is done again
    if standing is None:
        learnt, begun = learnt_of(course.network), _judge(course)
        watch.line(f"before the first round: held-out loss {begun.loss:.3f}, F1 {begun.f1:.3f}")
        return Standing(0, 0, begun.loss, learnt, learnt, {})
    put_back(course.network, standing.learnt)
    optimizer.load_state_dict(dict(standing.optimizer))
    return standing


def _is_stale(standing: Standing, options: Options) -> bool:
    return standing.n_rounds - standing.best_round >= options.patience


def _one_round(
    course: Course,
    optimizer: torch.optim.Optimizer,
    steps: Sequence[Sequence[int]],
    standing: Standing,
    *,
    clock: "_Clock",
    out: Path,
    watch: Watch,
) -> Standing:
    begun = time.perf_counter()
    losses = np.zeros((len(steps), 2))
    with flushed_denormals():
        for place, rows in enumerate(steps):
            losses[place] = _take_step(course, optimizer, rows, number=clock.step, n_steps=clock.n_steps)
            watch.step(clock.tick(float(losses[place, 0])))
    verdict = _judge(course)
    loss, kept = losses.mean(axis=0).tolist()
    done = Round(standing.n_rounds + 1, clock.step, loss, kept, verdict.loss, verdict.f1, time.perf_counter() - begun)
    log_round(done, out)
    is_best = verdict.loss < standing.best_loss - GAIN
    watch.line(done.sentence(is_best=is_best))
    learnt = learnt_of(course.network)
    after = replace(standing, n_rounds=done.number, learnt=learnt, optimizer=optimizer.state_dict())
    return replace(after, best_round=done.number, best_loss=verdict.loss, best=learnt) if is_best else after


def _judge(course: Course) -> Verdict:
    tags = course.network.config.tags
    ignored = tags.index("O") if course.task.kind is TaskKind.ENTITIES else None
    return judge(ask(course.network, course.task, course.items.dev, course.read_dev), ignored=ignored)


def _take_step(course: Course, optimizer: torch.optim.Optimizer, rows: Sequence[int], *, number: int, n_steps: int) -> tuple[float, float]:
    """Return the task's loss and how far the other heads' answers were from what is remembered."""
    network, options = course.network, course.options
    torch.manual_seed(options.seed * 1_000_003 + number)  # a resumed run drops out what the first one would have
    network.train()
    factor = learning_rate(number, n_steps=n_steps, warm_up=options.warm_up)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    hidden, mask = course.read_train(rows)
    weights = None if course.items.weights is None else course.items.weights.to(course.device)
    loss = task_loss(network, course.task.name, hidden, mask, [course.items.train[row] for row in rows], weights=weights)
    kept = kept_loss(network, hidden, mask, rows, course.memory) if course.memory else hidden.new_zeros(())
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss + options.keep_weight * kept)
    nn.utils.clip_grad_norm_([one for group in optimizer.param_groups for one in group["params"]], options.clip_norm)
    optimizer.step()
    return float(loss.detach()), float(kept.detach())


class _Clock:
    """Counts steps, smooths the loss, and tells the time that is left at most."""

    def __init__(self, *, n_steps: int, begun: int) -> None:
        self.n_steps = n_steps
        self.step = begun
        self._first = begun
        self._started = time.perf_counter()
        self._loss: float | None = None

    def tick(self, loss: float) -> Pace:
        self.step += 1
        self._loss = loss if self._loss is None else 0.9 * self._loss + 0.1 * loss
        spent = time.perf_counter() - self._started
        return Pace(self.step, self.n_steps, self._loss, spent / (self.step - self._first) * (self.n_steps - self.step))
