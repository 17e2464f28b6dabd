"""A whole run of a task of one's own: read, graft, teach, settle, measure, write. Entering the model in a catalogue: `register`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from pipelines.errors import ModelUnavailable
from pipelines.model import BellwetherModel
from pipelines.network import Calibration, Network, save_network
from pipelines.records import SENTIMENTS
from pipelines.training.evaluation.measuring import Evaluation, evaluate_examples
from pipelines.training.own.base import Base, find_base, fresh_base
from pipelines.training.own.card import card_of
from pipelines.training.own.curves import save_curves
from pipelines.training.own.fit import Course, Fitted, fit
from pipelines.training.own.folder import claim_folder, describe_run, name_of
from pipelines.training.own.graft import graft_head, names_of
from pipelines.training.own.items import Items, cut_items
from pipelines.training.own.judge import ask, judge
from pipelines.training.own.keeping import Memory, drifts_between, other_heads, remember
from pipelines.training.own.lesson import Lesson, read_lesson
from pipelines.training.own.methods import free_parameters, merge_lora, n_parameters
from pipelines.training.own.metrics import read_metrics
from pipelines.training.own.options import Method, Options, options_for
from pipelines.training.own.outcome import Outcome
from pipelines.training.own.report import save_report
from pipelines.training.own.settle import settle
from pipelines.training.own.states import frozen_reader, live_reader
from pipelines.training.own.types import keep_types
from pipelines.training.own.watch import Watch
from pipelines.training.tasks import Task, TaskKind, parse_task

MODEL, CARD, FIGURES, BESIDE = "model", "README.md", "figures.json", "beside"
GLANCE = 300
"""On how many windows the sentiment heads of a base are tried, to begin with the one that fits best."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: `catalog` is where bases are looked up besides the shipped ones; `out` may be left to the run."""

    options: Options
    data: tuple[Path, ...]
    dev: Path | None = None
    test: Path | None = None
    base: str = "default"
    name: str = "own"
    out: Path | None = None
    catalog: Path | None = None
    device: str = "auto"
    n_threads: int = 1


def run_own(order: Order, *, watch: Watch) -> Outcome:
    """Run, or go on with, what is ordered; the run's folder then holds the model, its card, figures, curves and report.

    BadRowError, OtherRun and ModelUnavailable say what is wrong, and how to mend it.
    """
    torch.set_num_threads(order.n_threads)
    _device(order)  # whether there is one, before anything is written
    base = find_base(order.base, catalog=order.catalog)
    lesson = read_lesson(parse_task(order.options.task), order.data, dev=order.dev, test=order.test, options=order.options)
    for note in lesson.notes:
        watch.line(f"note: {note}")
    run = _describe(order, base, lesson)
    out = order.out or Path("runs") / f"{order.name}-{name_of(run)}"
    watch.line(f"{'going on with' if claim_folder(out, run) else 'a new run in'} {out}: {_sizes(run)}")
    if order.options.method is Method.SCRATCH:
        base = fresh_base(base, order.options)
    elif base.folder:
        lesson = keep_types(lesson, _exact_model(order.name, base.folder, device=_device(order)))
    outcome = _teach(order, base, lesson, run=run, out=out, watch=watch)
    _save(outcome, out)
    return outcome


def _describe(order: Order, base: Base, lesson: Lesson) -> dict[str, Any]:
    given = {"train": order.data, "dev": [order.dev] if order.dev else [], "test": [order.test] if order.test else []}
    n_rows = {"train": len(lesson.train), "dev": len(lesson.dev), "test": len(lesson.test)}
    return describe_run(order.options, base=order.base, revision=base.revision, files=given, labels=lesson.labels, n_rows=n_rows)


def _sizes(run: Mapping[str, Any]) -> str:
    rows = run["n_rows"]
    return f"{rows['train']:,} rows to learn from, {rows['dev']:,} to stop early by, {rows['test']:,} to measure on"


def _teach(order: Order, base: Base, lesson: Lesson, *, run: Mapping[str, Any], out: Path, watch: Watch) -> Outcome:
    options, task, device = order.options, lesson.task, _device(order)
    window_tokens = base.network.config.window_tokens
    items = cut_items(lesson, tokenizer=base.tokenizer, window_tokens=window_tokens, weigh_classes=options.weigh_classes)
    like = _nearest(base.network.to(device), task, items, device=device)
    if like:
        watch.line(f"the head starts as the base's {like}")
    network = graft_head(base.network, task, lesson.labels, seed=options.seed, like=like).to(device)
    heads = other_heads(base.network, own=task.name) if options.method in (Method.FULL, Method.LORA) else []
    before = _remember_test(network, items, heads, device=device)
    fitted, sizes = _fit(Course(task, network, items, *_readers(network, items, options, device), None, options, device), heads, out, watch)
    drifts = drifts_between(before, _remember_test(network, items, heads, device=device, like=before)) if heads else []
    calibration = _settle(network, task, items, device=device)
    model = _save_model(network, task, calibration, out / MODEL, tokenizer=base.tokenizer)
    served = _exact_model(order.name, model, device=device)
    return Outcome(
        order.name,
        served.ref.revision,
        model,
        run,
        options,
        lesson,
        fitted,
        tuple(read_metrics(out)),
        calibration,
        evaluate_examples(served, task, lesson.test, file="rows held out"),
        _before(order, base, lesson, like=like, run=run),
        _beside(order, out, watch) if options.method is Method.SCRATCH else None,
        tuple(drifts),
        *sizes,
        window_tokens,
        lesson.notes,
    )


def _device(order: Order) -> torch.device:
    if order.device == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(order.device)
    except RuntimeError as problem:
        raise ModelUnavailable(f"there is no device {order.device!r}; write cpu, cuda:0 or auto") from problem
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelUnavailable(f"device {order.device} was asked for, but torch sees no CUDA device; write auto or cpu")
    return device


def _nearest(network: Network, task: Task, items: Items, *, device: torch.device) -> str:
    """Return the base's sentiment head that already fits the rows best, for a sentiment of one's own; nothing where there is none."""
    heads = [head for head, names in network.config.heads.items() if names == SENTIMENTS]
    if task.kind is not TaskKind.SENTIMENT or task.name in heads or not heads:
        return ""
    some = items.train[:GLANCE]
    read = frozen_reader(network, some, device=device)
    return min(heads, key=lambda head: judge(ask(network, Task(head, task.kind), some, read)).loss)


def _readers(network: Network, items: Items, options: Options, device: torch.device) -> tuple[Any, Any]:
    make = frozen_reader if options.method is Method.HEAD else live_reader
    return make(network, items.train, device=device), make(network, items.dev, device=device)


def _remember_test(network: Network, items: Items, heads: Sequence[str], *, device: torch.device, like: Memory | None = None) -> Memory:
    return remember(network, items.test, live_reader(network, items.test, device=device), heads=heads, like=like)


def _fit(course: Course, heads: Sequence[str], out: Path, watch: Watch) -> tuple[Fitted, tuple[int, int]]:
    """Teach, and leave one plain network; return how many of its numbers learnt, and how many there are."""
    network, options = course.network, course.options
    if heads and options.keep_weight:
        course = replace(course, memory=remember(network, course.items.train, course.read_train, heads=heads))
    n_weights = n_parameters(network)[1]
    free_parameters(network, course.task, options)
    n_learnt = n_parameters(network)[0]
    fitted = fit(course, out=out, watch=watch)
    if options.method is Method.LORA:
        merge_lora(network)
    network.requires_grad_(requires_grad=False)
    return fitted, (n_learnt, n_weights)


def _settle(network: Network, task: Task, items: Items, *, device: torch.device) -> Calibration | None:
    said = ask(network, task, items.dev, live_reader(network, items.dev, device=device))
    return settle(task, said, names=names_of(network.config, task))


def _save_model(network: Network, task: Task, calibration: Calibration | None, folder: Path, *, tokenizer: str) -> Path:
    if calibration:
        network.config = replace(network.config, calibration={**network.config.calibration, task.name: calibration})
    save_network(network, folder, tokenizer=tokenizer)
    return folder


def _exact_model(name: str, folder: Path, *, device: torch.device) -> BellwetherModel:
    """Load a model folder in single precision, whatever suits the machine best: figures of one run should not depend on its mood."""
    model = BellwetherModel(name, folder=folder, device=str(device), n_threads=torch.get_num_threads())
    model.network.encoder.float()
    return model


def _before(order: Order, base: Base, lesson: Lesson, *, like: str, run: Mapping[str, Any]) -> Evaluation | None:
    """Measure the base's own head on the same rows, if it says the same labels and none of them came from it."""
    config, head = base.network.config, like or lesson.task.name
    known = config.heads.get(head, names_of(config, lesson.task))
    if lesson.task.kind is TaskKind.ENTITIES:
        known = tuple(dict.fromkeys(name[2:] for name in known if name != "O"))
    if base.folder is None or set(known) != set(run["labels"]):
        return None
    name = f"{order.base} before" if order.base == order.name else order.base
    model = _exact_model(name, base.folder, device=_device(order))
    return evaluate_examples(model, lesson.task, lesson.test, head=head, file="rows held out")


def _beside(order: Order, out: Path, watch: Watch) -> Evaluation:
    """Teach the default model's head on the same rows: what a network from scratch is held against."""
    watch.line("now the default way on the same rows, to compare with: --base default --method head")
    asked = order.options
    usual = options_for(asked.task, Method.HEAD, seed=asked.seed, dev_share=asked.dev_share, test_share=asked.test_share)
    beside = replace(order, options=usual, base="default", name=f"default with a head for {asked.task}", out=out / BESIDE)
    return run_own(beside, watch=watch).evaluation


def _save(outcome: Outcome, out: Path) -> None:
    card = card_of(outcome)
    for folder in (out, outcome.model):
        (folder / CARD).write_text(card, encoding="utf-8")
    (out / FIGURES).write_text(json.dumps(outcome.to_json(), indent=1) + "\n", encoding="utf-8")
    save_curves(outcome.rounds, out, best=outcome.fitted.best_round)
    save_report(outcome, out)
