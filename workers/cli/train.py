"""`bellwether train` and `bellwether evaluate`: teach a model folder, measure a model; the work is in `pipelines.training`."""

from pathlib import Path
from typing import Annotated

import typer

from workers.cli.common import Format, fail, print_rows
from workers.errors import Exit

train_app = typer.Typer()
evaluate_app = typer.Typer()


@train_app.command()
def train(
    *,
    data: Annotated[Path, typer.Option(help="Folder of <task>.train.jsonl.gz and <task>.dev.jsonl.gz.", exists=True, file_okay=False)],
    base: Annotated[
        Path, typer.Option(help="Folder of the base encoder: a Hugging Face BERT in safetensors.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoint, metrics, and at last the model.")],
    seed: Annotated[int, typer.Option(help="Decides every random choice of the run.")] = 17,
    n_steps: Annotated[int, typer.Option(min=1, help="Gradient steps in all.")] = 2_700,
    token_budget: Annotated[int, typer.Option(min=128, help="Padded tokens a step.")] = 1_200,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; one is fastest beside busy neighbours.")] = 1,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints; a run that was cut off goes on from the last.")] = 250,
) -> None:
    """Teach a model folder from labelled files; start the same command again to go on with a run that was cut off."""
    from pipelines.training.run import run
    from pipelines.training.train import Recipe

    recipe = Recipe(seed=seed, n_steps=n_steps, token_budget=token_budget)
    try:
        found = run(recipe, data=data, base=base, out=out, n_threads=threads, save_every=save_every, tell=typer.echo)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    for one in found:
        typer.echo(f"{one.task}: {one.headline()}")
    typer.echo(f"The model is in {out / 'model'}: name it in a catalog.toml to serve it.")


@evaluate_app.command()
def evaluate(
    more: Annotated[list[Path] | None, typer.Argument(help="More files.", exists=True, dir_okay=False)] = None,
    *,
    data: Annotated[
        list[Path], typer.Option(help="A labelled file named <task>.*.jsonl.gz; more may follow.", exists=True, dir_okay=False)
    ],
    model: Annotated[str, typer.Option(help="A name in the model catalog.")] = "default",
    device: Annotated[str, typer.Option(help="cpu or cuda:0.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Read only the first rows of each file.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Measure a model on labelled files, through the same code that serves."""
    from pipelines.model import load_model
    from pipelines.training.evaluate import evaluate_file
    from workers.settings import settings

    loaded = load_model(model, device=device, n_threads=threads, catalog=settings().engine.catalog)
    try:
        rows = [evaluate_file(loaded, path, limit=limit).to_row() for path in [*data, *(more or [])]]
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    hidden = {"file"} if form is Format.TABLE else set()  # the task names it well enough, and the table stays narrow
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in hidden]
    print_rows(rows, columns=columns, form=Format.JSON if as_json else form, title=f"{model} ({loaded.ref.revision})")
