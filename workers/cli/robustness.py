"""`bellwether robustness`: what a model loses when texts are written otherwise; the work is in `pipelines.training.probes`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Format, fail, print_rows
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.training.probes.robustness import Robustness, Trial

app = typer.Typer(add_completion=False)

COLUMNS = ("perturbation", "rows", "before", "after", "points", "95% interval", "answers changed")


@app.command()
def robustness(
    more: Annotated[list[Path] | None, typer.Argument(help="More files.", metavar="[FILE]...", show_default=False)] = None,
    *,
    data: Annotated[list[Path], typer.Option(help="Labelled rows, as for evaluate. <task>.*.jsonl tells the task.")],
    model: Annotated[str, typer.Option(help="A name in the catalog, or a model folder.")] = "default",
    task: Annotated[str | None, typer.Option(help="The task of the rows, where the name of the file does not tell it.")] = None,
    only: Annotated[str, typer.Option(help="Perturbations by name, such as typos,upper; without it, all.", show_default=False)] = "",
    rows: Annotated[int, typer.Option(min=1, help="At most so many rows of each file, drawn by the seed.")] = 500,
    seed: Annotated[int, typer.Option(help="Decides which rows are drawn and how they are changed.")] = 17,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots, and a changed text each.", dir_okay=False)] = None,
    hide_texts: Annotated[bool, typer.Option("--hide-texts", help="Quote no row in the page.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda:0.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    form: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json: every figure there is.")] = False,
) -> None:
    """Measure what a model loses when its texts are written otherwise: typos, letter case, punctuation, noise, other names."""
    from pipelines.training.probes.perturbations.registry import chosen
    from pipelines.training.probes.robustness import probe_robustness
    from workers.cli.labelled import labelled_files, loaded
    from workers.cli.progress import shown

    files = labelled_files([*data, *(more or [])], task=task)
    try:
        perturbations = chosen([name.strip() for name in only.split(",") if name.strip()])
        with shown("probing") as counter:
            found = probe_robustness(
                loaded(model, device=device, n_threads=threads),
                files,
                perturbations=perturbations,
                n_rows=rows,
                seed=seed,
                tell=lambda what, done, total: counter.update(done=done, total=total, note=what),
            )
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    if html:
        _save(html, found, texts=not hide_texts)
    _print(found, form=Format.JSON if as_json else form)


def _save(path: Path, found: "Robustness", *, texts: bool) -> None:
    from pipelines.training.probes.robustness_page import save_robustness

    save_robustness(path, found, texts=texts)
    typer.echo(f"The page is {path}.", err=True)


def _print(found: "Robustness", *, form: Format) -> None:
    from pipelines.training.probes.robustness_page import summary

    if form is Format.JSON:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    rows = [one.to_row() for one in found.trials]
    if form is Format.CSV:
        print_rows(rows, columns=list(rows[0]), form=form)
        return
    for untouched in found.untouched:
        trials = [one for one in found.trials if one.file == untouched.file]
        title = f"{untouched.task}, {trials[0].main.replace('_', ' ')}: {found.model} ({found.revision})"
        print_rows([_shown(one) for one in trials], columns=COLUMNS, form=form, title=title)
        typer.echo(f"{summary(trials)}\n")


def _shown(trial: "Trial") -> dict[str, Any]:
    drop = trial.drops.get(trial.main)
    row: dict[str, Any] = {"perturbation": trial.perturbation, "rows": trial.n_changed}
    if drop is None:
        return row
    return row | {
        "before": f"{drop.before:.1%}",
        "after": f"{drop.after:.1%}",
        "points": _points(drop.drop),
        "95% interval": f"{_points(drop.interval.high)} to {_points(drop.interval.low)}",
        "answers changed": f"{trial.flipped:.1%}",
    }


def _points(lost: float) -> str:
    return f"{round(-100 * lost, 1) + 0.0:+.1f}"  # no minus before a zero
