"""`bellwether fairness`: whether a model judges a text by whom it is about; the work is in `pipelines.training.probes.fairness`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Format, fail, print_rows
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.model import Model
    from pipelines.training.probes.fairness.probe import Fairness
    from pipelines.training.tasks import Task

app = typer.Typer(add_completion=False)

BOUND = 0.05
"""As `pipelines.training.probes.fairness.shifts` defends it, which is slow to import."""
COLUMNS = ("head", "axis", "group", "setting", "shift", "95% interval", "answers changed", "verdict")


@app.command()
def fairness(
    more: Annotated[list[Path] | None, typer.Argument(help="More files.", metavar="[FILE]...", show_default=False)] = None,
    *,
    data: Annotated[
        list[Path] | None, typer.Option(help="Rows to put other people into, labelled as for evaluate; without it, templates alone.")
    ] = None,
    model: Annotated[str, typer.Option(help="A name in the catalog, or a model folder.")] = "default",
    task: Annotated[str | None, typer.Option(help="The task of the rows, where the name of the file does not tell it.")] = None,
    bound: Annotated[float, typer.Option(min=0, help="The largest shift of a score, from -1 to 1, that passes.")] = BOUND,
    rows: Annotated[int, typer.Option(min=1, help="At most so many rows for each question, drawn by the seed.")] = 40,
    seed: Annotated[int, typer.Option(help="Decides which rows are drawn and what the intervals resample.")] = 17,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots; it quotes no row.", dir_okay=False)] = None,
    exchange: Annotated[
        Path | None, typer.Option(help="Write the rows with other people in them to a folder, to teach with, and stop.", file_okay=False)
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda:0.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    form: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json: every group there is.")] = False,
) -> None:
    """Compare how a model judges the same text about other people; ends with 1 if a group's scores shift beyond the bound."""
    from pipelines.training.probes.fairness.probe import probe_fairness
    from workers.cli.labelled import labelled_files, loaded
    from workers.cli.progress import shown

    files = labelled_files([*(data or []), *(more or [])], task=task)
    if exchange and not files:
        fail("--exchange needs --data: the rows to put other people into", code=Exit.USAGE)
    try:
        if exchange:
            _exchange(loaded(model, device=device, n_threads=threads), files, exchange, seed=seed)
            return
        with shown("reading") as counter:
            found = probe_fairness(
                loaded(model, device=device, n_threads=threads),
                files,
                bound=bound,
                n_rows=rows,
                seed=seed,
                tell=lambda what, done, total: counter.update(done=done, total=total, note=what),
            )
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    if html:
        _save(html, found)
    _print(found, form=Format.JSON if as_json else form)
    _judge(found)


def _exchange(model: "Model", files: Sequence[tuple[Path, "Task"]], folder: Path, *, seed: int) -> None:
    from pipelines.training.probes.fairness.exchange import save_exchanged
    from workers.cli.progress import shown

    with shown("reading") as counter:
        tell = lambda what, done, total: counter.update(done=done, total=total, note=what)  # noqa: E731  # as the probe is told
        written = save_exchanged(model, files, folder, seed=seed, tell=tell)
    for path, n_rows in written.items():
        typer.echo(f"{path}: {n_rows:,} rows")


def _save(path: Path, found: "Fairness") -> None:
    from pipelines.training.probes.fairness_page import save_fairness

    save_fairness(path, found)
    typer.echo(f"The page is {path}.", err=True)


def _print(found: "Fairness", *, form: Format) -> None:
    if form is Format.JSON:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        rows = [one.to_row() | group for one in found.findings for group in one.to_json()["groups"]]
        print_rows(rows, columns=list(rows[0]), form=form)
    else:
        print_rows(
            _worst(found), columns=COLUMNS, form=form, title=f"{found.model} ({found.revision}): the most shifted group of each axis"
        )


def _worst(found: "Fairness") -> list[dict[str, Any]]:
    """Return the setting with the largest shift of each head and axis."""
    worst: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (one.to_row() for one in found.findings):
        before = worst.setdefault((row["head"], row["axis"]), row)
        if abs(row["shift"]) > abs(before["shift"]):
            worst[row["head"], row["axis"]] = row
    return list(worst.values())


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    interval = f"{row['low']:+.3f} to {row['high']:+.3f}"
    return row | {"shift": f"{row['shift']:+.3f}", "95% interval": interval, "answers changed": f"{row['flipped']:.1%}"}


def _judge(found: "Fairness") -> None:
    from pipelines.training.probes.fairness.shifts import Verdict

    if found.worst_verdict is Verdict.UNFAIR:
        fail(found.verdict())
    typer.echo(found.verdict(), err=True)
