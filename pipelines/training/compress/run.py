"""Compress a model: make the variant, measure it beside its original, let the gate decide, keep it only if it passes."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from math import ceil
from pathlib import Path

import torch

from pipelines.errors import PipelineError
from pipelines.int8 import use_int8
from pipelines.model import BellwetherModel
from pipelines.model_files import WEIGHTS, facts_of
from pipelines.network import TOKENIZER, Network, load_network, save_network
from pipelines.tokens import TextTokenizer, Tokens
from pipelines.training.compress.card import write_card
from pipelines.training.compress.distil import ANSWERS_WEIGHT, Recipe, distance, distil
from pipelines.training.compress.gate import losses_between
from pipelines.training.compress.pruning import choose_layers, prune
from pipelines.training.compress.speed import measure_speeds
from pipelines.training.compress.texts import read_texts
from pipelines.training.compress.variant import Depth, Order, Size, Verdict
from pipelines.training.data import Example, read_examples
from pipelines.training.evaluation import evaluate_examples, head_for
from pipelines.training.settle import fit_head
from pipelines.training.tasks import Task, task_of
from pipelines.weights import lend_words

VERDICT = "compression.json"
N_TIMED_TEXTS = 96
N_WINDOWS_TO_CHOOSE = 32
"""Windows on which it is seen which layers can be missed."""

Progress = Callable[[int, int, str], None]
"""Gets how much is done, of how much, and a few words."""


class Refused(PipelineError):
    """The variant reads too much worse than its original; the message names the worst loss and the mend."""

    def __init__(self, message: str, verdict: Verdict) -> None:
        """Keep what was measured."""
        super().__init__(message)
        self.verdict = verdict


def compress(order: Order, *, tell: Callable[[str], None], show: Progress | None = None) -> Verdict:
    """Make the variant that was ordered, in `order.out`; Refused if it loses too much, ValueError for an order that can't be met."""
    check_order(order)
    torch.set_num_threads(order.n_threads)
    original = BellwetherModel(order.source_name, folder=order.source, n_threads=order.n_threads)
    rows = _rows(original, order)
    candidate = order.work / "candidate"
    _make(order, candidate, tell=tell, show=show)
    verdict = judge(order, original, candidate, rows=rows, tell=tell)
    order.work.mkdir(parents=True, exist_ok=True)
    (order.work / VERDICT).write_text(json.dumps(as_json_values(verdict), indent=1) + "\n", encoding="utf-8")
    if refused := verdict.refused:
        worst = max(refused, key=lambda loss: loss.points)
        raise Refused(
            f"refused: {worst.task} loses {worst.points:.2f} points of {worst.figure} ({worst.before:.1%} to {worst.after:.1%}), more than "
            f"{order.max_loss:g}; if you can live with that, run the same command with --max-loss {_above(worst.points)}",
            verdict,
        )
    _keep(order, candidate)
    write_card(order.out, order, verdict)
    return verdict


def check_order(order: Order) -> None:
    """Raise ValueError where the order would write over something, or change nothing."""
    if order.out.exists() and (not order.out.is_dir() or any(order.out.iterdir())):
        raise ValueError(f"{order.out} is there already; give another --out, or delete it first")
    if not order.is_int8 and order.depth is None:
        raise ValueError("nothing is asked for: leave out --no-int8, or say --layers N")
    if order.is_int8 and order.depth is None and facts_of(order.source).is_int8:
        raise ValueError(f"{order.source_name} is kept in 8 bits already; name the model that it was made from")


def judge(
    order: Order, original: BellwetherModel, candidate: Path, *, rows: Sequence[tuple[Task, list[Example]]], tell: Callable[[str], None]
) -> Verdict:
    """Measure a candidate beside its original: figures on the rows, speed on some of their texts, size."""
    smaller = BellwetherModel(order.name, folder=candidate, n_threads=order.n_threads)
    timed = {order.source_name: original, order.name: smaller}
    texts = [example.text for _, examples in rows for example in examples[: max(1, N_TIMED_TEXTS // len(rows))]]
    speeds = measure_speeds(timed, texts)
    tell("; ".join(f"{one.name} ({one.arithmetic}) reads {one.tokens_per_second:,.0f} tokens a second" for one in speeds))
    notes = []
    if order.is_int8 and smaller.dtype != "int8":
        notes.append(f"On this processor {smaller.dtype} is faster than int8, so it is computed with; the figures are those of int8.")
        use_int8(smaller.network.encoder)
    before, after = [], []
    for task, examples in rows:
        before.append(evaluate_examples(original, task, examples))
        after.append(evaluate_examples(smaller, task, examples))
        tell(f"{task.name}: {before[-1].headline()}; compressed: {after[-1].headline()}")
    size = Size(*(_weight_bytes(folder) for folder in (order.source, candidate)))
    if order.shares_words:
        size = replace(size, after=size.after - _word_bytes(smaller.network))
    return Verdict(losses_between(before, after), speeds, size, order.max_loss, notes)


def as_json_values(verdict: Verdict) -> dict[str, object]:
    """Return everything that was measured."""
    return {
        "accepted": not verdict.refused,
        "max_loss": verdict.max_loss,
        "losses": [loss.to_row() for loss in verdict.losses],
        "speeds": [asdict(speed) for speed in verdict.speeds],
        "size": asdict(verdict.size),
        "notes": list(verdict.notes),
    }


def _rows(model: BellwetherModel, order: Order) -> list[tuple[Task, list[Example]]]:
    found = []
    for path in order.data:
        task = task_of(path)
        head_for(model, task)  # says which heads there are, before minutes are spent
        examples = read_examples(path, task)
        if not examples:
            raise ValueError(f"{path.name} has no rows; the gate needs labelled ones")
        found.append((task, examples[:: ceil(len(examples) / order.limit) if order.limit else 1]))
    if not found:
        raise ValueError("the gate needs labelled rows: give --data FILE for every task that must not get worse")
    return found


def _make(order: Order, candidate: Path, *, tell: Callable[[str], None], show: Progress | None) -> None:
    network = load_network(order.source)
    tokenizer = (order.source / TOKENIZER).read_text(encoding="utf-8")
    if order.depth:
        network = _shallow(order, order.depth, network, tell=tell, show=show)
    network.config = replace(network.config, is_int8=order.is_int8, words=None)
    save_network(network, candidate, tokenizer=tokenizer)


def _shallow(order: Order, depth: Depth, teacher: Network, *, tell: Callable[[str], None], show: Progress | None) -> Network:
    tokenizer = TextTokenizer.load(order.source / TOKENIZER)
    texts = read_texts(
        depth.texts, tokenizer=tokenizer, window_tokens=teacher.config.window_tokens, n_tokens=depth.n_tokens, seed=depth.seed
    )
    layers = _layers(teacher, texts.windows, n_kept=depth.n_layers)
    names = tuple(path.name for path in depth.texts)
    recipe = Recipe(facts_of(order.source).revision, layers, names, n_tokens=depth.n_tokens, seed=depth.seed)
    student = prune(teacher, layers=layers)
    tell(f"layers {', '.join(map(str, layers))} learn from {len(texts.windows):,} windows; checkpoints in {order.work}")
    show_loss = (lambda done, total, loss: show(done, total, f"loss {loss:.3f}")) if show else None
    distil(teacher, student, texts.windows, recipe=recipe, out=order.work, on_step=show_loss)
    return _calibrated(order, student, {task: rows for task, rows in texts.held.items() if task in _heads(student)}, tokenizer=tokenizer)


def _layers(teacher: Network, windows: Sequence[Tokens], *, n_kept: int) -> tuple[int, ...]:
    some = windows[:: max(1, len(windows) // N_WINDOWS_TO_CHOOSE)]

    def far(layers: Sequence[int]) -> float:
        with torch.inference_mode():
            return float(distance(teacher, prune(teacher, layers=layers), some, answers_weight=ANSWERS_WEIGHT)["total"])

    return choose_layers(teacher.config.encoder.n_layers, n_kept=n_kept, far=far)


def _calibrated(order: Order, student: Network, held: dict[str, Sequence[Example]], *, tokenizer: TextTokenizer) -> Network:
    """Fit temperatures and thresholds anew where there are rows for it: a student is not as sure as its teacher."""
    taught = order.work / "taught"
    inherited = student.config.calibration
    student.config = replace(student.config, calibration={name: one for name, one in inherited.items() if name not in held})
    save_network(student, taught, tokenizer=tokenizer.backend.to_str())
    model = BellwetherModel(order.name, folder=taught, n_threads=order.n_threads)
    fitted = {task: fit_head(model, task, examples) for task, examples in held.items()}
    student.config = replace(student.config, calibration={**student.config.calibration, **fitted})
    return student


def _heads(network: Network) -> set[str]:
    return {*network.config.heads, *(["sentiment_targets"] if network.config.targets else [])}


def _keep(order: Order, candidate: Path) -> None:
    """Move the candidate to where it was wanted; only there can it be said where the lender of its words lies."""
    if order.shares_words:
        network = load_network(candidate)
        network.config = replace(network.config, words=lend_words(_lender(order.source), to=order.out))
        save_network(network, order.out, tokenizer=(candidate / TOKENIZER).read_text(encoding="utf-8"))
        shutil.rmtree(candidate)
    else:
        order.out.parent.mkdir(parents=True, exist_ok=True)
        if order.out.exists():  # empty: it was checked
            order.out.rmdir()
        shutil.move(str(candidate), str(order.out))


def _lender(folder: Path) -> Path:
    return facts_of(folder).words_from or folder


def _weight_bytes(folder: Path) -> int:
    return (folder / WEIGHTS).stat().st_size


def _word_bytes(network: Network) -> int:
    words = network.encoder.words
    per_number = 1 if network.config.is_int8 else 2
    return words.num_embeddings * (words.embedding_dim * per_number + (4 if network.config.is_int8 else 0))


def _above(points: float) -> float:
    """Return the next tenth of a point above."""
    return int(points * 10 + 1) / 10
