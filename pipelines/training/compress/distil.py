"""Teach a shallower network to say what a deep one says of the same texts: states, answers of every head, embedding.

No labels are needed. Which texts is left to `texts`, where the shallow network comes from to `pruning`.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipelines.model import pad
from pipelines.network import Network
from pipelines.tokens import Tokens
from pipelines.training.arithmetic import flushed_denormals
from pipelines.training.own.keeping import kept_loss, other_heads, remember
from pipelines.training.prepare import Item
from pipelines.training.schedule import learning_rate, shuffled_batches

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.jsonl"
RECIPE = "recipe.json"
ANSWERS_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a shallower network learns: `teacher` is the revision it learns from, `n_tokens` how much it reads.

    `answers_weight` weighs the heads' answers against the states; tokens count with padding in `token_budget`.
    """

    teacher: str
    layers: tuple[int, ...]
    texts: tuple[str, ...]
    n_tokens: int = 700_000
    token_budget: int = 1_000
    rate: float = 4e-4
    warm_up: float = 0.05
    weight_decay: float = 0.01
    answers_weight: float = ANSWERS_WEIGHT
    clip_norm: float = 1.0
    seed: int = 17


@dataclass(frozen=True, slots=True)
class Teaching:
    """A network that knows, one that learns, and what they read together, step by step."""

    teacher: Network
    student: Network
    plan: Sequence[Sequence[Tokens]]


def distil(
    teacher: Network, student: Network, windows: Sequence[Tokens], *, recipe: Recipe, out: Path, save_every: int = 100,
    on_step: Callable[[int, int, float], None] | None = None,
) -> None:  # fmt: skip
    """Run or resume `recipe`, changing `student` in place; ValueError if `out` holds a run of another recipe.

    `on_step` gets the steps done, the steps in all, and the loss. A run that was cut off goes on from its last checkpoint
    and comes to the same weights.
    """
    _claim(out, recipe)
    student.eval().encoder.train()  # heads that copy need no dropout; the encoder's fused attention is slow to go back through
    teaching = Teaching(teacher.eval(), student, plan_steps(windows, token_budget=recipe.token_budget, seed=recipe.seed))
    n_steps = len(teaching.plan)
    optimizer = _optimizer(student, recipe)
    begun = _resume(student, optimizer, out)
    with flushed_denormals():
        for number in range(begun, n_steps):
            values = _take_step(teaching, optimizer, recipe, number=number)
            _log(out, number, values)
            if on_step:
                on_step(number + 1, n_steps, values["loss"])
            if (number + 1) % save_every == 0 or number + 1 == n_steps:
                _save(student, optimizer, out, step=number + 1)
    student.eval()


def plan_steps(windows: Sequence[Tokens], *, token_budget: int, seed: int) -> list[list[Tokens]]:
    """Group windows of about one length into batches, and put the batches into an order that `seed` draws; each window comes once."""
    lengths = [len(window) + 2 for window in windows]
    batches = shuffled_batches(lengths, token_budget=token_budget, rng=np.random.default_rng(seed))
    return [[windows[row] for row in batch] for batch in batches]


def distance(
    teacher: Network, student: Network, windows: Sequence[Tokens], *, answers_weight: float
) -> dict[str, Tensor]:  # fmt: skip
    """Return how far the student is from the teacher on one batch: `states` (1 is as far as knowing nothing), `answers`, `total`."""
    ids, shapes, mask = pad(windows, special=student.config.special)
    items = [Item(window, 0) for window in windows]
    with torch.no_grad():
        known = teacher.encoder(ids, shapes, mask).float()
        memory = remember(teacher, items, lambda rows: (known[list(rows)], mask[list(rows)]), heads=other_heads(teacher, own=""))
    hidden = student.encoder(ids, shapes, mask)
    spread = known[mask].var(dim=0).mean().clamp(min=1e-6)
    states = (hidden[mask] - known[mask]).square().mean() / spread
    answers = kept_loss(student, hidden, mask, range(len(items)), memory)
    return {"states": states, "answers": answers, "total": states + answers_weight * answers}


def _take_step(teaching: Teaching, optimizer: torch.optim.AdamW, recipe: Recipe, *, number: int) -> dict[str, float]:
    begun = time.perf_counter()
    torch.manual_seed(recipe.seed * 1_000_003 + number)  # a resumed run drops out what the first one would have
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate * learning_rate(number, n_steps=len(teaching.plan), warm_up=recipe.warm_up)
    windows = teaching.plan[number]
    losses = distance(teaching.teacher, teaching.student, windows, answers_weight=recipe.answers_weight)
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(losses["total"])
    nn.utils.clip_grad_norm_([part for group in optimizer.param_groups for part in group["params"]], recipe.clip_norm)
    optimizer.step()
    found = {"loss": losses["total"], "states": losses["states"], "answers": losses["answers"]}
    figures = {name: round(float(value.detach()), 5) for name, value in found.items()}
    return {**figures, "n_tokens": sum(len(window) + 2 for window in windows), "seconds": round(time.perf_counter() - begun, 3)}


def _optimizer(student: Network, recipe: Recipe) -> torch.optim.AdamW:
    student.encoder.words.requires_grad_(requires_grad=False)  # they are the teacher's, and may be shared with it on disk
    learning = [part.requires_grad_() for name, part in student.named_parameters() if name != "encoder.words.weight"]
    return torch.optim.AdamW(learning, lr=recipe.rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.98), fused=True)


def _claim(out: Path, recipe: Recipe) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path, text = out / RECIPE, json.dumps(asdict(recipe), indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ValueError(f"{out} holds a run of another recipe (see {path.name}); give another --work, or the same options to resume")
    path.write_text(text, encoding="utf-8")


def _log(out: Path, number: int, values: Mapping[str, float]) -> None:
    with (out / METRICS).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"step": number + 1, **values}) + "\n")


def _save(student: Network, optimizer: torch.optim.AdamW, out: Path, *, step: int) -> None:
    learnt = {name: part.detach() for name, part in student.named_parameters() if part.requires_grad}
    unfinished = out / f"{CHECKPOINT}.tmp"
    torch.save({"step": step, "learnt": learnt, "optimizer": optimizer.state_dict()}, unfinished)
    unfinished.replace(out / CHECKPOINT)


def _resume(student: Network, optimizer: torch.optim.AdamW, out: Path) -> int:
    if not (out / CHECKPOINT).exists():
        (out / METRICS).unlink(missing_ok=True)
        return 0
    state = torch.load(out / CHECKPOINT, weights_only=True)
    student.load_state_dict(state["learnt"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    begun = int(state["step"])
    kept = (out / METRICS).read_text(encoding="utf-8").splitlines()[:begun]  # what came after the checkpoint is done again
    (out / METRICS).write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return begun
