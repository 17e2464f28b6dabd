"""`bellwether train`: teach a model a task of one's own, or the default model everything; the work is in `pipelines.training`.

`workers.cli.evaluate` measures what came of it.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import fail
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.training.own.run import Order

train_app = typer.Typer()
DEFAULT = "default"
OWN_CATALOG = Path("catalog.toml")
"""Where models are entered while the settings name no catalogue."""
OWN, FRESH, WHOLE = "A task of your own", "--method scratch", "TASK default"


class Method(StrEnum):
    """What learns."""

    FULL = "full"
    LORA = "lora"
    HEAD = "head"
    SCRATCH = "scratch"


TaskArgument = Annotated[
    str, typer.Argument(help="sentiment_<yours>, topics_<yours>, entities or sentiment_targets; or default, the whole default model.")
]
ClassesOption = Annotated[
    bool | None, typer.Option("--weigh-classes/--no-weigh-classes", help="Let rare labels count more.", rich_help_panel=OWN)
]


@train_app.command()
def train(
    task: TaskArgument,
    more: Annotated[list[Path] | None, typer.Argument(help="More files.")] = None,
    *,
    data: Annotated[list[Path], typer.Option(help="Labelled rows: .jsonl, .csv, .parquet, a saved data set's folder, or hf:ID.")],
    base: Annotated[str, typer.Option(help="Where to start: a name in the catalogue, a folder, or a hub id.")] = DEFAULT,
    method: Annotated[
        Method, typer.Option(help="What learns: the encoder too, by LoRA, the head alone, or all from scratch.")
    ] = Method.FULL,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; without it, one below runs/ that goes by what is asked.")] = None,
    name: Annotated[str | None, typer.Option(help="The model's name in your catalogue, or the task's.", rich_help_panel=OWN)] = None,
    dev: Annotated[Path | None, typer.Option(help="Rows to stop early by, instead of a share of the data.", rich_help_panel=OWN)] = None,
    test: Annotated[Path | None, typer.Option(help="Rows to measure on, instead of a share of the data.", rich_help_panel=OWN)] = None,
    dev_share: Annotated[float | None, typer.Option(min=0.01, max=0.5, help="That share.", rich_help_panel=OWN)] = None,
    test_share: Annotated[float | None, typer.Option(min=0.01, max=0.5, help="That share.", rich_help_panel=OWN)] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most readings of all rows.", rich_help_panel=OWN)] = None,
    patience: Annotated[int | None, typer.Option(min=1, help="Stop after so many rounds without gain.", rich_help_panel=OWN)] = None,
    encoder_rate: Annotated[float | None, typer.Option(min=0, help="The encoder's learning rate.", rich_help_panel=OWN)] = None,
    head_rate: Annotated[float | None, typer.Option(min=0, help="The head's learning rate.", rich_help_panel=OWN)] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Rank of LoRA's matrices.", rich_help_panel=OWN)] = None,
    keep_weight: Annotated[
        float | None, typer.Option(min=0, help="How much other heads should stay as they are.", rich_help_panel=OWN)
    ] = None,
    weigh_classes: ClassesOption = None,
    device: Annotated[str, typer.Option(help="cpu, cuda:0, or auto: a GPU where there is one.", rich_help_panel=OWN)] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.", rich_help_panel=OWN)] = False,
    layers: Annotated[int | None, typer.Option(min=1, help="Layers of the fresh encoder.", rich_help_panel=FRESH)] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attention heads of each.", rich_help_panel=FRESH)] = None,
    width: Annotated[int | None, typer.Option(min=8, help="Numbers a token.", rich_help_panel=FRESH)] = None,
    n_steps: Annotated[int | None, typer.Option(min=1, help="Gradient steps in all.", rich_help_panel=WHOLE)] = None,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.", rich_help_panel=WHOLE)] = 250,
    seed: Annotated[int, typer.Option(help="Decides every random choice of the run.")] = 17,
    token_budget: Annotated[int | None, typer.Option(min=128, help="Padded tokens a step.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads; one is fastest beside busy neighbours.")] = 1,
) -> None:
    """Teach a model from labelled files; start the same command again to go on with a run that was cut off.

    TASK default teaches the default model all its tasks: --data is then the folder of <task>.train.jsonl.gz files, --base that of
    the base encoder, and --out is needed.
    """
    files = _there([*data, *(more or [])])
    _there([path for path in (dev, test) if path])
    try:
        if task == DEFAULT:
            usual = {"seed": seed, "n_steps": n_steps, "token_budget": token_budget}
            _teach_default(files, base=base, out=out, asked=usual, n_threads=threads, save_every=save_every)
            return
        asked = {"seed": seed, "dev_share": dev_share, "test_share": test_share, "n_epochs": epochs, "patience": patience, "rank": rank}
        asked |= {"encoder_rate": encoder_rate, "head_rate": head_rate, "keep_weight": keep_weight, "weigh_classes": weigh_classes}
        asked |= {"token_budget": token_budget, "n_layers": layers, "n_attention_heads": heads, "width": width}
        order = _order(
            task, method, files, dev=dev, test=test, base=base, name=name, out=out, device=device, n_threads=threads, asked=asked
        )
        _teach_own(order, as_json=as_json)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)


def _there(files: list[Path]) -> list[Path]:
    for path in files:
        if not path.exists() and not str(path).startswith("hf:"):
            fail(f"there is no {path}", code=Exit.USAGE)
    return files


def _order(task: str, method: Method, data: list[Path], *, name: str | None, asked: dict[str, Any], **given: Any) -> "Order":
    from pipelines.training.own.options import Method as Known
    from pipelines.training.own.options import options_for
    from pipelines.training.own.run import Order
    from workers.settings import settings

    called = name or task.removeprefix("topics_").removeprefix("sentiment_")
    catalog = settings().engine.catalog or OWN_CATALOG
    bases = catalog if catalog.exists() else None  # the first model makes the file
    return Order(options_for(task, Known(method), **asked), tuple(data), name=called, catalog=bases, **given)


def _teach_default(data: list[Path], *, base: str, out: Path | None, asked: dict[str, int | None], n_threads: int, save_every: int) -> None:
    from pipelines.training.run import run
    from pipelines.training.train import Recipe

    if out is None or not Path(base).is_dir() or len(data) != 1 or not data[0].is_dir():
        mend = "give the folders of the training files, of the base encoder and of the run"
        fail(f"{mend}: train default --data FOLDER --base FOLDER --out RUN", code=Exit.USAGE)
    recipe = Recipe(**{name: value for name, value in asked.items() if value is not None})
    for one in run(recipe, data=data[0], base=Path(base), out=out, n_threads=n_threads, save_every=save_every, tell=typer.echo):
        typer.echo(f"{one.task}: {one.headline()}")
    typer.echo(f"The model is in {out / 'model'}: name it in a catalog.toml to serve it.")


def _teach_own(order: "Order", *, as_json: bool) -> None:
    from pipelines.training.own.register import check_name, register_model
    from pipelines.training.own.run import run_own
    from workers.cli.training_view import print_outcome, watched
    from workers.settings import settings

    check_name(order.name)
    with watched(is_quiet=as_json) as watch:
        outcome = run_own(order, watch=watch)
    known = settings().engine.catalog
    entered = register_model(order.name, outcome.model, catalog=known or OWN_CATALOG)
    print_outcome(outcome, entered, is_set=known is not None, as_json=as_json)
