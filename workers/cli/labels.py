"""`bellwether labels`: records out to Label Studio, labels back in; the work is in `pipelines.training.annotation`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import Format, fail, print_rows
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.training.annotation.exporting import Exported, Wish
    from pipelines.training.annotation.importing import Imported
    from pipelines.training.annotation.records import Pool

app = typer.Typer(no_args_is_help=True, add_completion=False)
TaskOption = Annotated[str, typer.Option("--task", help="sentiment_<yours>, topics_<yours>, entities or sentiment_targets.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")]


@app.command("export")
def export_records(
    records: Annotated[list[Path], typer.Argument(help="Records with a `text`: .jsonl, .csv, .tsv, .parquet; .gz may follow.")],
    *,
    task: TaskOption,
    out: Annotated[Path, typer.Option(help="Write the tasks to this file (JSON); their interface goes beside it (XML).")],
    n: Annotated[int, typer.Option("-n", "--count", min=1, help="How many records to choose.")] = 200,
    random_share: Annotated[
        float, typer.Option("--random", min=0, max=1, help="Which share of them to draw at random and without a guess, to measure by.")
    ] = 0.25,
    labels: Annotated[str, typer.Option(help="Labels to offer, apart by commas, besides those the model knows.")] = "",
    taxonomy: Annotated[str, typer.Option(help="Offer and guess the topics of this described taxonomy.")] = "",
    labelled: Annotated[
        list[Path] | None, typer.Option("--labelled", help="A file of rows that are labelled already: leave them out.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Who guesses: a name in the catalogue or a folder; else the one that serves.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Look at no more records than this.")] = None,
    seed: Annotated[int, typer.Option(help="Decides which are drawn at random.")] = 17,
    unmasked: Annotated[bool, typer.Option("--unmasked", help="Show e-mail addresses, telephone, IBAN and card numbers.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Choose the records that a model learns most from, and write them as Label Studio tasks."""
    from pipelines.training.annotation.exporting import Wish
    from pipelines.training.annotation.importing import save_tasks
    from pipelines.training.annotation.records import read_pool
    from pipelines.training.tasks import parse_task

    beside = out.with_suffix(".xml")
    _refuse_to_replace([out, beside], is_forced=force)
    try:
        offered = tuple(name.strip() for name in labels.split(",") if name.strip())
        wish = Wish(parse_task(task), n, random_share, seed, offered, taxonomy)
        pool = read_pool(records, labelled=labelled or (), limit=limit, is_masked=not unmasked)
        found = _export(pool, wish, model)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    save_tasks(found.tasks, out)
    beside.write_text(found.interface, encoding="utf-8")
    _tell_export(pool, found, [out, beside], as_json=as_json)


def _export(pool: "Pool", wish: "Wish", model: str | None) -> "Exported":
    from pipelines.model import load_model
    from pipelines.taxonomy import read_taxonomies
    from pipelines.training.annotation.exporting import export
    from workers.analyst import pick_device
    from workers.cli.progress import shown
    from workers.settings import settings

    engine = settings().engine
    taxonomies = read_taxonomies(engine.taxonomies)
    loaded = load_model(model or engine.model, device=pick_device(engine.device), n_threads=engine.threads, catalog=engine.catalog)
    with shown("reading") as counter:
        total = len(pool.records)
        return export(pool, wish, model=loaded, taxonomies=taxonomies, told=lambda done: counter.update(done=done, total=total))


def _tell_export(pool: "Pool", found: "Exported", files: list[Path], *, as_json: bool) -> None:
    counts = {
        "looked_at": len(pool.records),
        "to_teach_by": found.n_teaching,
        "to_measure_by": found.n_measuring,
        "without_text": pool.n_empty + found.n_unreadable,
        "twice_or_labelled": pool.n_twice,
    }
    if as_json:
        _print_json({**counts, "labels": list(found.labels), "tasks": str(files[0]), "interface": str(files[1])})
        return
    print_rows(
        [{"records": name.replace("_", " "), "n": count} for name, count in counts.items()], columns=("records", "n"), form=Format.TABLE
    )
    if not found.has_guesses:
        typer.echo("The model knows nothing of this task yet: all are chosen at random, and none has a guess.")
    typer.echo(f"Tasks: {files[0]}   (Label Studio: Import)")
    typer.echo(f"Interface: {files[1]}   (Label Studio: Settings, Labeling Interface, Code)")


@app.command("import")
def import_labels(
    exports: Annotated[list[Path], typer.Argument(help="What Label Studio exported, as JSON or JSON-MIN.", exists=True, dir_okay=False)],
    *,
    task: TaskOption,
    out: Annotated[Path, typer.Option(help="Write the rows to this file (JSON lines): what to train on.")],
    held_out: Annotated[
        Path | None, typer.Option("--held-out", help="Write the rows that were drawn to measure by to this file instead.")
    ] = None,
    disputed: Annotated[
        Path | None, typer.Option(help="Write the tasks on which people disagree to this file; else beside the rows.")
    ] = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Turn what people said in Label Studio into rows to train and measure by."""
    from pipelines.training.annotation.importing import read_import, save_rows, save_tasks
    from pipelines.training.tasks import parse_task

    again = disputed or out.with_name(f"{out.name.split('.')[0]}.disputed.json")
    _refuse_to_replace([out, *([held_out] if held_out else [])], is_forced=force)
    try:
        found = read_import(exports, parse_task(task))
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    if found.disputed:
        _refuse_to_replace([again], is_forced=force)
        save_tasks(found.disputed, again)
    save_rows(found.rows if held_out else [*found.rows, *found.measuring_rows], out)
    if held_out:
        save_rows(found.measuring_rows, held_out)
    _tell_import(found, task, out=out, held_out=held_out, disputed=again if found.disputed else None, as_json=as_json)


def _tell_import(found: "Imported", task: str, *, out: Path, held_out: Path | None, disputed: Path | None, as_json: bool) -> None:
    labels = dict(found.labels().most_common())
    counts = {
        "tasks": found.n_tasks,
        "rows": len(found.rows) + len(found.measuring_rows),
        "to_measure_by": len(found.measuring_rows),
        "unanswered": found.n_unanswered,
        "disputed": len(found.disputed),
    }
    if as_json:
        shared = {"answered_by_several": found.n_shared, "of_these_agreed": found.n_agreed}
        _print_json(
            {**counts, **shared, "labels": labels, "out": str(out), "held_out": str(held_out or ""), "disputed_to": str(disputed or "")}
        )
        return
    print_rows([{"tasks": name.replace("_", " "), "n": count} for name, count in counts.items()], columns=("tasks", "n"), form=Format.TABLE)
    print_rows([{"label": name, "n": count} for name, count in labels.items()], columns=("label", "n"), form=Format.TABLE)
    if found.n_shared:
        typer.echo(f"Of {found.n_shared:,} texts that several people read, they agree on {found.n_agreed / found.n_shared:.0%}.")
    if disputed:
        typer.echo(f"Disputed: {disputed}   (give these tasks to a third person)")
    typer.echo(f"Next: bellwether train {task} --data {out}{f' --test {held_out}' if held_out else ''}")


def _refuse_to_replace(paths: list[Path], *, is_forced: bool) -> None:
    if not is_forced and (there := [str(path) for path in paths if path.exists()]):
        fail(f"{', '.join(there)} is there already; give another name, or --force to replace it", code=Exit.USAGE)


def _print_json(values: dict[str, object]) -> None:
    import json

    typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
