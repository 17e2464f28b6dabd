"""Write the card of a model of one's own: what it is, what it learnt from, how well it reads, what it can't do, how to make it again."""

import shlex
from collections.abc import Sequence
from typing import Any

from pipelines.training.own.fit import Fitted
from pipelines.training.own.options import Method, changed
from pipelines.training.own.outcome import Outcome
from pipelines.training.tasks import TaskKind

METHODS = {
    Method.FULL: "the whole encoder but its word embeddings, and the task's head",
    Method.LORA: "low-rank additions to every layer of the encoder (merged into its weights since), and the task's head",
    Method.HEAD: "the task's head alone; the encoder stood still, so every other head says exactly what it said",
    Method.SCRATCH: "everything, from random weights",
}
MOST_LABELS = 40


def card_of(outcome: Outcome) -> str:
    """Return the card as Markdown."""
    parts = [_introduction(outcome), _data(outcome), _figures(outcome), _others(outcome), _limits(outcome), _again(outcome)]
    return "\n".join(part for part in parts if part)


def _introduction(outcome: Outcome) -> str:
    options, labels = outcome.options, outcome.lesson.labels
    more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
    shown = ", ".join(f"`{label}`" for label in labels[:MOST_LABELS]) + more
    base = outcome.run["base"]
    started = f"{base['name']}, revision `{base['revision']}`" if base["revision"] else base["name"]
    return f"""\
# {outcome.name}

A model folder of Bellwether, taught one task more: `{options.task}`. It chooses {_what(outcome)}: {shown}.

- Base: {started}.
- Method: `{options.method}`. What learnt: {METHODS[options.method]} ({outcome.n_learnt:,} of {outcome.n_weights:,} numbers).
- Windows of up to {outcome.window_tokens} tokens; longer texts are read in several and merged.
- Weights: half precision safetensors, revision `{outcome.revision}`.
- Scores: {_scores(outcome)}
"""


def _what(outcome: Outcome) -> str:
    return {
        TaskKind.SENTIMENT: "the sentiment of a text",
        TaskKind.TOPICS: "the topic of a text",
        TaskKind.ENTITIES: "the names in a text, by type",
        TaskKind.TARGETS: "the sentiment towards each mention in a text",
    }[outcome.lesson.task.kind]


def _scores(outcome: Outcome) -> str:
    found = outcome.calibration
    if found is None:
        return "the mean probability of a mention's type over its tokens, as the head gives it."
    told = f"probabilities; the temperature ({found.temperature:g}) was fitted on {len(outcome.lesson.dev):,} held-out rows."
    return f"{told} Below {found.threshold:.2f} the answer is that none of the topics fits." if found.threshold else told


def _data(outcome: Outcome) -> str:
    files = [(use, one) for use, those in outcome.run["data"].items() for one in those]
    rows = outcome.run["n_rows"]
    return "\n".join(
        [
            "## What it learnt from",
            "",
            "| file | for | sha256 |",
            "|---|---|---|",
            *(f"| `{one['name']}` | {use} | `{one['sha256'][:16]}...` |" for use, one in files),
            "",
            f"{rows['train']:,} rows to learn from, {rows['dev']:,} to stop early by and to calibrate on, {rows['test']:,} that had no",
            "say, for the figures below. A text's hash decides where it goes, so copies never stand on two sides. Whoever passes this",
            "model on must know under which licence these rows, and the base, may be used.",
            "",
        ]
    )


def _figures(outcome: Outcome) -> str:
    found = outcome.evaluation
    lines = ["## How well it reads", "", f"On {outcome.run['n_rows']['test']:,} rows that it never saw: {found.headline()}.", ""]
    if outcome.before:
        lines += [f"The base's own head on the same rows: {outcome.before.headline()}.", ""]
    if outcome.beside:
        lines += [f"What `--base default --method head` makes of the same rows: {outcome.beside.headline()}.", ""]
    unit = "spans" if outcome.lesson.task.kind in (TaskKind.ENTITIES, TaskKind.TARGETS) else "rows"
    lines += [f"| label | {unit} | precision | recall | F1 |", "|---|---:|---:|---:|---:|"]
    lines += [f"| `{one.label}` | {one.n:,} | {one.precision:.1%} | {one.recall:.1%} | {one.f1:.1%} |" for one in found.scores.by_label]
    return "\n".join([*lines, ""])


def _others(outcome: Outcome) -> str:
    if not outcome.drifts:
        return ""
    rows = [f"| `{one.head}` | {one.n:,} | {one.agreement:.1%} | {one.shift:.3f} |" for one in outcome.drifts]
    return "\n".join(
        [
            "## What became of the base's other heads",
            "",
            "On the same unseen rows: how many of their answers stayed the same (for `embedding`, the mean cosine with what it was), and",
            "by how much their probabilities moved on average. Measure them on data of their own before you rely on them.",
            "",
            "| head | answers | the same | moved by |",
            "|---|---:|---:|---:|",
            *rows,
            "",
        ]
    )


def _limits(outcome: Outcome) -> str:
    notes = [
        *outcome.notes,
        "It knows the texts it learnt from: measure it anew on texts of another source, another language or another year.",
    ]
    if outcome.options.method is Method.SCRATCH:
        notes.append("It has no head but this one, and its embedding means nothing: described taxonomies need a model with a taught one.")
    return "\n".join(["## What to know", "", *(f"- {note}" for note in notes), ""])


def _again(outcome: Outcome) -> str:
    return f"""\
## How to make it again

```
{command_of(outcome)}
```

With the same files, base and versions, on the CPU, the same command gives the same weights; started again after it was cut off, it goes on.
{kept(outcome.fitted)} Training took {duration(outcome.seconds)}.
"""


def kept(fitted: Fitted) -> str:
    """Say which round was kept, and why no more followed."""
    if not fitted.best_round:
        return f"None of {fitted.n_rounds} rounds read the held-out rows better than the head it began with, which was kept."
    end = ", and training stopped when more no longer helped" if fitted.stopped_early else ""
    return f"Round {fitted.best_round} of {fitted.n_rounds} was kept{end}."


def command_of(outcome: Outcome) -> str:
    """Return the command that makes the run again, but for the folders of its files."""
    data = outcome.run["data"]
    words: list[Any] = ["bellwether", "train", outcome.options.task]
    words += [word for one in data["train"] for word in ("--data", one["name"])]
    words += [word for use in ("dev", "test") for one in data.get(use, ()) for word in (f"--{use}", one["name"])]
    words += ["--base", outcome.run["base"]["name"], "--method", outcome.options.method, "--name", outcome.name]
    for name, value in changed(outcome.options).items():
        words += _option(name, value)
    return shlex.join(map(str, words))


def _option(name: str, value: Any) -> Sequence[Any]:
    flag = OPTIONS.get(name, f"--{name.replace('_', '-')}")
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    return [flag, value]


OPTIONS = {"n_epochs": "--epochs", "n_layers": "--layers", "n_attention_heads": "--heads"}
"""Options whose name on the command line is another one."""


def duration(seconds: float) -> str:
    """Say how long something took."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004  (as people say it)
