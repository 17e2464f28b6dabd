"""Write a compressed model's card: what it was made from and how, what it lost and gained, how to make it again."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from pipelines.model_files import CARD, facts_of
from pipelines.training.compress.gate import Loss
from pipelines.training.compress.variant import Order, Size, Verdict

FIGURES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "in_scope_accuracy": "accuracy in scope", "f1": "F1 of spans"}


def write_card(folder: Path, order: Order, verdict: Verdict) -> None:
    """Write `README.md` into the folder of an accepted variant."""
    parts = [_introduction(folder, order), _figures(verdict), _speeds(order, verdict), _limits(order), _again(order)]
    (folder / CARD).write_text("\n".join(parts), encoding="utf-8")


def loss_table(losses: Sequence[Loss]) -> list[str]:
    """Return the gate's table as lines of Markdown."""
    lines = ["| task | figure | rows or spans | original | this model | points lost | same answers |", "|---|---|---:|---:|---:|---:|---:|"]
    for loss in losses:
        same = "" if loss.agreement is None else f"{loss.agreement:.1%}"
        figure = FIGURES.get(loss.figure, loss.figure) + ("" if loss.decides else " *")
        lines.append(f"| `{loss.task}` | {figure} | {loss.n:,} | {loss.before:.1%} | {loss.after:.1%} | {_rounded(loss.points)} | {same} |")
    return lines


def size_line(size: Size) -> str:
    """Say in a sentence how large the weights are and were."""
    return f"{size.after / 1e6:.1f} MB of weights instead of {size.before / 1e6:.1f} MB"


def _introduction(folder: Path, order: Order) -> str:
    facts = facts_of(folder)
    made = []
    if order.depth:
        made.append(
            f"{facts.n_layers} of the original's layers, those without which it was furthest off, were taught anew to say what the"
            f" original says of {order.depth.n_tokens:,} tokens of text: its last hidden states, the answers of every head and the"
            " embedding. No labels were used, except held-out ones for the temperatures and thresholds."
        )
    if order.is_int8:
        made.append(
            "The encoder's matrices are stored in 8 bits, a scale a row. Where the processor is faster at it, they are multiplied in 8 bits"
            " too, each token's activations rounded by their own largest number, so that no answer depends on the rest of a batch;"
            " elsewhere (on a GPU, say) they are multiplied as floats."
        )
    if facts.words_from:
        made.append(
            f"The word embeddings are the original's and are read from its folder (`{facts.words_from.name}`): this folder can't be moved"
            " without it, and loading checks that they are the same."
        )
    return "\n".join(
        [
            f"# {order.name}",
            "",
            f"A smaller variant of the model `{order.source_name}`, revision `{facts_of(order.source).revision}`; this is revision",
            f"`{facts.revision}`. What the original learnt from, under which licences, and what it can't do stands in its own card,",
            "and holds here.",
            "",
            *(f"- {one}" for one in made),
            "",
        ]
    )


def _figures(verdict: Verdict) -> str:
    return "\n".join(
        [
            "## What it lost",
            "",
            "Both models read the same rows in the same run, by the code that serves.",
            f"The gate shuts where a figure falls by more than {verdict.max_loss:g} points.",
            "",
            *loss_table(verdict.losses),
            "",
            *(
                ["\\* Told, but the gate does not heed it: some labels have too few rows.", ""]
                if any(not loss.decides for loss in verdict.losses)
                else []
            ),
            *(f"- {note}" for note in verdict.notes),
            "",
        ]
    )


def _speeds(order: Order, verdict: Verdict) -> str:
    threads = "one thread" if order.n_threads == 1 else f"{order.n_threads} threads"
    return "\n".join(
        [
            "## What it gained",
            "",
            f"{size_line(verdict.size)}. Speed in turns on the same texts, {threads}, medians; another processor will say otherwise.",
            "",
            "| model | arithmetic | tokens a second | times as fast |",
            "|---|---|---:|---:|",
            *(f"| `{one.name}` | {one.arithmetic} | {one.tokens_per_second:,.0f} | {one.ratio:.2f} |" for one in verdict.speeds),
            "",
        ]
    )


def _limits(order: Order) -> str:
    lost = (
        "It reads worse than its original, most where the table says so: " if order.depth else "Small as its losses are on the rows above, "
    )
    return f"## What to know\n\n{lost}measure it on your own rows before you rely on it (`bellwether evaluate --compare`).\n"


def _again(order: Order) -> str:
    words = ["bellwether", "models", "compress", order.source_name, "--name", order.name]
    for path in order.data:
        words += ["--data", path.name]
    if order.depth:
        words += ["--layers", str(order.depth.n_layers)]
        for path in order.depth.texts:
            words += ["--texts", path.name]
        words += ["--tokens", str(order.depth.n_tokens), "--seed", str(order.depth.seed)]
        words += ["--int8"] if order.is_int8 else []
    words += ["--share-words"] if order.shares_words else []
    words += ["--limit", str(order.limit)] if order.limit else []
    command = shlex.join([*words, "--max-loss", f"{order.max_loss:g}"])
    return f"## How to make it again\n\n```\n{command}\n```\n\nFile names are given without their folders.\n"


def _rounded(points: float) -> str:
    return f"{points:+.2f}" if abs(points) >= 0.005 else "0"  # noqa: PLR2004  (what two digits can tell from nothing)
