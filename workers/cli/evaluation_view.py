"""How an evaluation shows on a terminal, as JSON and as a page; what it says is `pipelines.training.evaluation`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from pipelines.training.evaluation import Evaluation
    from pipelines.training.evaluation.comparison import Comparison
    from pipelines.training.evaluation.report import Part
    from pipelines.training.evaluation.slices import Slice, Slicing

COLUMNS = (
    ("accuracy", "macro_f1", "macro_recall", "weighted_f1", "auc", "ece", "in_scope_accuracy", "out_of_scope_recall"),
    ("precision", "recall", "f1", "partial_f1", "f1_served", "ece"),
)
"""The figures of a table: of labels, and of spans."""

MOST_LABELS = 12


def print_parts(parts: Sequence["Part"], *, form: Format, details: bool) -> None:
    """Print what was measured; JSON and CSV hold every figure, a table those that matter."""
    if form is Format.JSON:
        typer.echo(json.dumps([row for part in parts for row in _everything(part)], ensure_ascii=False, indent=2, default=str))
    elif form is Format.CSV:
        rows = [_named(one) for part in parts for one in part.evaluations]
        print_rows(rows, columns=list(dict.fromkeys(name for row in rows for name in row)), form=form)
    else:
        _print_tables(parts, details=details)


def save_html(path: Path, parts: Sequence["Part"], *, hide_texts: bool) -> None:
    """Write the page."""
    from pipelines.training.evaluation.report import save_report

    first = parts[0].evaluations
    n_rows = sum(len(part.evaluations[0].examples) for part in parts)
    files = "one file" if len(parts) == 1 else f"{len(parts)} files"
    models = " and ".join(_title(one) for one in first)
    lead = f"Model {models} on {n_rows:,} labelled rows of {files}, {datetime.now(UTC):%d %B %Y}."
    save_report(path, parts, lead=lead, texts=not hide_texts)


def _everything(part: "Part") -> list[dict[str, Any]]:
    from pipelines.training.evaluation.means import mean_row

    rows = [_reference(one) | one.to_json() for one in part.evaluations]
    if part.slices:
        rows[0]["slices"] = [asdict(one) for those in part.slices.values() for one in those]
    if part.comparison:
        rows[0]["comparison"] = asdict(part.comparison) | {"is_real": part.comparison.main.is_real, "verdict": part.comparison.verdict()}
    if len(rows) > 1:
        rows.append({"model": f"mean of {len(rows)} models", "revision": None, **mean_row(part.evaluations)})
    return rows


def _print_tables(parts: Sequence["Part"], *, details: bool) -> None:
    from pipelines.training.evaluation.means import mean_row

    n_models = len(parts[0].evaluations)
    for number in range(n_models):
        found = [part.evaluations[number] for part in parts]
        _print_figures([{"task": one.task, "n": one.scores.n, **one.figures()} for one in found], title=_title(found[0]))
    if n_models > 1:
        _print_figures([mean_row(part.evaluations) for part in parts], title=f"mean of {n_models} models")
    for part in parts:
        if details:
            _print_details(part.evaluations[0])
        _print_slices(part.slices, task=part.evaluations[0].task)
        _print_comparison(part.comparison)
        for one in part.evaluations:
            for note in one.notes:
                typer.echo(f"{one.task}: {note}")


def _print_figures(rows: Sequence[dict[str, Any]], *, title: str) -> None:
    for columns in COLUMNS:
        these = [row for row in rows if columns[0] in row]
        there = [name for name in columns if any(name in row for row in these)]
        if these:
            print_rows(these, columns=("task", "n", *there), form=Format.TABLE, title=title)
            typer.echo()


def _print_details(evaluation: "Evaluation") -> None:
    from pipelines.training.evaluation.summary import summary

    _print_labels(evaluation)
    _print_confusion(evaluation)
    shown = {name for columns in COLUMNS for name in columns}
    others = {name: value for name, value in evaluation.figures().items() if name not in shown}
    typer.echo(f"{summary(evaluation)}\n")
    if others:
        typer.echo("Besides: " + ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in others.items()) + ".\n")


def _print_confusion(evaluation: "Evaluation") -> None:
    scores = evaluation.scores
    if not 1 < len(scores.labels) <= MOST_LABELS:
        return
    more = ["nothing"] if len(scores.confusion[0]) > len(scores.labels) and any(row[-1] for row in scores.confusion) else []
    truth, answers = [*scores.labels, *more], [*scores.labels, *more]
    rows = [{"truth": name, **dict(zip(answers, row, strict=False))} for name, row in zip(truth, scores.confusion, strict=False)]
    print_rows(rows, columns=("truth", *answers), form=Format.TABLE, title=f"{evaluation.task}: what was answered")
    typer.echo()


def _print_labels(evaluation: "Evaluation") -> None:
    labels = [asdict(one) for one in evaluation.scores.by_label if one.n]
    names = [name for name in ("label", "n", "n_given", "precision", "recall", "f1", "auc") if any(one[name] is not None for one in labels)]
    title = f"{evaluation.task} by label"
    if len(labels) > MOST_LABELS:
        title = f"{evaluation.task}: the {MOST_LABELS} weakest of {len(labels)} labels (--json has all)"
        labels = sorted(labels, key=lambda one: one["f1"])[:MOST_LABELS]
    print_rows(
        [{**one, "given": one["n_given"]} for one in labels],
        columns=[name.removeprefix("n_") for name in names],
        form=Format.TABLE,
        title=title,
    )
    typer.echo()


def _print_slices(slices: "Mapping[Slicing, Sequence[Slice]]", *, task: str) -> None:
    from pipelines.training.pages import figure_name

    for by, these in slices.items():
        if not these:
            typer.echo(f"{task} by {by}: no row tells its {by}\n")
            continue
        rows = [{by.value: one.name, "n": one.n, **one.figures, "low": one.interval.low, "high": one.interval.high} for one in these]
        print_rows(rows, columns=list(rows[0]), form=Format.TABLE, title=f"{task} by {by}")
        typer.echo(f"(low to high: 95% interval of {figure_name(these[0].main)})\n")


def _print_comparison(found: "Comparison | None") -> None:
    if not found:
        return
    from pipelines.training.pages import figure_name

    rows = [
        {
            "figure": figure_name(one.figure),
            found.mine: one.mine,
            f"{found.other} ": one.other,
            "points": f"{100 * one.by:+.1f}",
            "95% interval": f"{100 * one.interval.low:+.1f} to {100 * one.interval.high:+.1f}",
            "real": "yes" if one.is_real else "may be chance",
        }
        for one in found.differences
    ]
    print_rows(rows, columns=list(rows[0]), form=Format.TABLE, title=f"{found.task}: {found.mine} against {found.other}")
    typer.echo(found.verdict())
    typer.echo()


def _named(evaluation: "Evaluation") -> dict[str, Any]:
    return _reference(evaluation) | evaluation.to_row()


def _reference(evaluation: "Evaluation") -> dict[str, Any]:
    ref = evaluation.model
    return {"model": ref.name if ref else None, "revision": ref.revision if ref else None}


def _title(evaluation: "Evaluation") -> str:
    return f"{evaluation.model.name} ({evaluation.model.revision})" if evaluation.model else evaluation.task
