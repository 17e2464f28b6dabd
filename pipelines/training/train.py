"""Teach one network every task: a planned number of steps, checkpoints that a killed run goes on from, metrics as JSON lines."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipelines.network import Network, save_network
from pipelines.tokens import TextTokenizer
from pipelines.training.arithmetic import flushed_denormals
from pipelines.training.casing import vary_case
from pipelines.training.corpus import Corpus, labels_of, read_corpus
from pipelines.training.losses import batch_loss
from pipelines.training.prepare import Item, class_weights, prepare
from pipelines.training.schedule import Step, learning_rate, plan_steps
from pipelines.training.start import read_tokenizer, start_network
from pipelines.training.tasks import SHIPPED, TaskKind, parse_task
from pipelines.training.teacher import teach_embeddings

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.jsonl"
RECIPE = "recipe.json"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a run learns.

    Rates are AdamW's peaks. `token_budget` counts padded tokens a step; `teacher_tokens` is how many tokens a task get an
    embedding from the base model, to stay near to. `pipelines.training.shipped` holds the tasks' shares of the steps.
    """

    seed: int = 17
    n_steps: int = 3_400
    token_budget: int = 1_200
    encoder_rate: float = 1.5e-4
    head_rate: float = 1e-3
    warm_up: float = 0.06
    weight_decay: float = 0.01
    dropout: float = 0.0
    teacher_weight: float = 2.0
    teacher_tokens: int = 60_000
    clip_norm: float = 1.0


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a run reads: prepared windows, label weights and the base model's embeddings, by task."""

    items: Mapping[str, Sequence[Item]]
    weights: Mapping[str, Tensor]
    teacher: Mapping[str, Tensor]


@flushed_denormals()
def train(
    recipe: Recipe, *, data: Path, base: Path, out: Path, save_every: int = 200, on_save: Callable[[Path, int], None] | None = None
) -> Path:
    """Run or resume `recipe` on the files of `data`; return the model folder `out`/taught.

    `out` keeps the checkpoint, metrics and recipe; ValueError if it holds a run of another recipe. `on_save` gets the model
    folder and the step after every checkpoint.
    """
    _claim(out, recipe)
    corpus = read_corpus(data)
    tokenizer = read_tokenizer(base)
    network = start_network(base, heads=_heads(corpus), dropout=recipe.dropout, seed=recipe.seed)
    lessons = _lessons(network, corpus, tokenizer=TextTokenizer(tokenizer), recipe=recipe, out=out)
    optimizer = _optimizer(network, recipe)
    begun = _resume(network, optimizer, out)
    lengths = {task: [len(item.tokens) + 2 for item in items] for task, items in lessons.items.items()}
    plan = plan_steps(lengths, n_steps=recipe.n_steps, token_budget=recipe.token_budget, seed=recipe.seed)
    for number in range(begun, recipe.n_steps):
        _log(out, number, _take_step(network, optimizer, plan[number], lessons=lessons, recipe=recipe, number=number))
        if (number + 1) % save_every == 0 or number + 1 == recipe.n_steps:
            save_network(network, out / "taught", tokenizer=tokenizer.to_str())
            _save(network, optimizer, out / CHECKPOINT, step=number + 1)
            if on_save:
                on_save(out / "taught", number + 1)
    if begun == recipe.n_steps:  # finished by an earlier call
        save_network(network, out / "taught", tokenizer=tokenizer.to_str())
    return out / "taught"


def _claim(out: Path, recipe: Recipe) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path, text = out / RECIPE, json.dumps(asdict(recipe), indent=1) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ValueError(f"{out} holds a run of another recipe (see {path.name}); give another --out, or the same options to resume")
    path.write_text(text, encoding="utf-8")


def _heads(corpus: Corpus) -> dict[str, tuple[str, ...]]:
    """Return the labels of the sequence heads, by task."""
    kinds = (TaskKind.SENTIMENT, TaskKind.TOPICS)
    return {task: labels_of(task, corpus.taught[task]) for task in SHIPPED if parse_task(task).kind in kinds}


def _lessons(network: Network, corpus: Corpus, *, tokenizer: TextTokenizer, recipe: Recipe, out: Path) -> Lessons:
    names = {task: labels_of(task, corpus.taught[task]) for task in SHIPPED}
    items = {
        task: prepare(
            parse_task(task).kind,
            corpus.taught[task],
            labels=names[task],
            tokenizer=tokenizer,
            window_tokens=network.config.window_tokens,
        )
        for task in SHIPPED
    }
    weights = {
        task: torch.tensor(class_weights([item.target for item in items[task] if isinstance(item.target, int)], n_labels=len(labels)))
        for task, labels in network.config.heads.items()
    }
    teacher = teach_embeddings(network, items, n_tokens=recipe.teacher_tokens, seed=recipe.seed, cache=out / "teacher.safetensors")
    return Lessons(items, weights, teacher)


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.AdamW:
    network.encoder.words.requires_grad_(requires_grad=False)  # more words than the data could teach anew
    if network.targets is not None:
        network.targets.nearness.requires_grad = False  # most texts judge one thing: `refine` teaches it by pairs
    base: list[nn.Parameter] = []
    fresh: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            (base if name.startswith(("encoder", "embedding")) and "shapes" not in name else fresh).append(parameter)
    groups = [{"params": base, "lr": recipe.encoder_rate}, {"params": fresh, "lr": recipe.head_rate}]
    return torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, betas=(0.9, 0.98), fused=True)


def _take_step(
    network: Network, optimizer: torch.optim.AdamW, step: Step, *, lessons: Lessons, recipe: Recipe, number: int
) -> dict[str, float | str | int]:
    begun = time.perf_counter()
    torch.manual_seed(recipe.seed * 1_000_003 + number)  # a resumed run drops out what the first one would have
    network.train()
    factor = learning_rate(number, n_steps=recipe.n_steps, warm_up=recipe.warm_up)
    for group, peak in zip(optimizer.param_groups, (recipe.encoder_rate, recipe.head_rate), strict=True):
        group["lr"] = peak * factor
    rng = np.random.default_rng([recipe.seed, number])
    items = [vary_case(lessons.items[step.task][row], rng=rng) for row in step.rows]
    losses = batch_loss(
        network,
        step.task,
        items,
        weights=lessons.weights.get(step.task),
        teacher=lessons.teacher[step.task][list(step.rows)],
        teacher_weight=recipe.teacher_weight,
    )
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(losses["total"])
    norm = nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], recipe.clip_norm)
    optimizer.step()
    return {
        "task": step.task,
        "loss": round(float(losses["task"].detach()), 5),
        "embedding_loss": round(float(losses["embedding"].detach()), 5),
        "norm": round(float(norm), 4),
        "n_tokens": sum(len(item.tokens) + 2 for item in items),
        "seconds": round(time.perf_counter() - begun, 3),
    }


def _log(out: Path, number: int, values: Mapping[str, float | str | int]) -> None:
    with (out / METRICS).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"step": number + 1, **values}) + "\n")


def _save(network: Network, optimizer: torch.optim.AdamW, path: Path, *, step: int) -> None:
    torch.save({"step": step, "network": network.state_dict(), "optimizer": optimizer.state_dict()}, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def _resume(network: Network, optimizer: torch.optim.AdamW, out: Path) -> int:
    if not (out / CHECKPOINT).exists():
        (out / METRICS).unlink(missing_ok=True)
        return 0
    state = torch.load(out / CHECKPOINT, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    begun = int(state["step"])
    kept = (out / METRICS).read_text(encoding="utf-8").splitlines()[:begun]  # what came after the checkpoint is done again
    (out / METRICS).write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return begun
