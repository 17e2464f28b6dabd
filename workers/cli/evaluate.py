"""`bellwether evaluate`: measure models on labelled files; the work is in `pipelines.training.evaluation`.

Showing what was measured is left to `evaluation_view`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import Format, fail
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.model import Model
    from pipelines.training.data import Example
    from pipelines.training.evaluation.report import Part
    from pipelines.training.evaluation.slices import Slicing
    from pipelines.training.tasks import Task

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured: files, each with its task, by which head, and what is to be told beside the figures."""

    files: Sequence[tuple[Path, "Task"]]
    head: str | None
    slices: Sequence["Slicing"]
    limit: int | None
    seed: int


@app.command()
def evaluate(
    more: Annotated[list[str] | None, typer.Argument(help="More files.", metavar="FILE", show_default=False)] = None,
    *,
    data: Annotated[
        list[Path],
        typer.Option(help="Labelled rows: JSON lines, CSV, Parquet, or a Hugging Face data set. <task>.*.jsonl tells the task."),
    ],
    model: Annotated[list[str] | None, typer.Option(help="A name in the catalog, or a model folder; twice prints the mean too.")] = None,
    task: Annotated[str | None, typer.Option(help="The task of the rows, where the name of the file does not tell it.")] = None,
    head: Annotated[str | None, typer.Option(help="Measure this head of the model, not the one that the task names.")] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="B", help="Say whether the model is really better than B; `--compare A B` compares those two.")
    ] = None,
    slices: Annotated[str, typer.Option(help="Measure parts apart: source,length,language,time.", show_default=False)] = "",
    html: Annotated[Path | None, typer.Option(help="Write a page with plots, and the surest mistakes.", dir_okay=False)] = None,
    hide_texts: Annotated[bool, typer.Option("--hide-texts", help="Quote no row in the page.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Print every label's figures, for several files too.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda:0.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Read only the first rows of each file.")] = None,
    seed: Annotated[int, typer.Option(help="Decides which rows the intervals resample.")] = 17,
    form: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json: every figure there is.")] = False,
) -> None:
    """Measure a model on labelled rows, through the same code that serves."""
    from workers.cli.evaluation_view import print_parts, save_html

    files, names, other = _sorted_out([*map(str, data), *(more or [])], list(model or ["default"]), compare)
    if html:
        html.parent.mkdir(parents=True, exist_ok=True)  # what is wrong with it is better said before than after minutes of work
    try:
        wanted = Wanted(_tasks(files, task), head, _slicings(slices), limit, seed)
        parts = _measure(wanted, _loaded(names, device, threads), other=_loaded([other], device, threads) if other else [])
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    print_parts(parts, form=Format.JSON if as_json else form, details=details or len(files) == len(names) == 1)
    if html:
        save_html(html, parts, hide_texts=hide_texts)
        typer.echo(f"The page is {html}.", err=True)


def _sorted_out(files: Sequence[str], models: list[str], compare: str | None) -> tuple[list[Path], list[str], str | None]:
    """Tell files from a second model: in `--compare A B`, B comes as if it were one more file."""
    strange = [name for name in files if not name.startswith("hf:") and not Path(name).exists()]
    folders = [name for name in files if (Path(name) / "config.json").is_file()]
    second = strange + folders
    if compare and len(second) == 1:
        return [Path(name) for name in files if name != second[0]], [compare], second[0]
    if strange:
        fail(f"there is no file {strange[0]}", code=Exit.USAGE)
    return list(map(Path, files)), models, compare


def _tasks(files: Sequence[Path], name: str | None) -> list[tuple[Path, "Task"]]:
    from pipelines.training.tasks import parse_task, task_of

    if name:
        return [(path, parse_task(name)) for path in files]
    try:
        return [(path, task_of(path)) for path in files]
    except ValueError as problem:
        fail(f"no file name tells its task ({problem}); or say it with --task", code=Exit.USAGE)


def _slicings(given: str) -> list["Slicing"]:
    from pipelines.training.evaluation.slices import Slicing

    names = [name.strip() for name in given.split(",") if name.strip()]
    known = [one.value for one in Slicing]
    for name in names:
        if name not in known:
            fail(f"--slices {name}: rows can be told apart by {', '.join(known)}", code=Exit.USAGE)
    return [Slicing(name) for name in dict.fromkeys(names)]


def _loaded(names: Sequence[str], device: str, threads: int) -> list["Model"]:
    from pipelines.model import load_model
    from workers.settings import settings

    return [load_model(name, device=device, n_threads=threads, catalog=settings().engine.catalog) for name in names]


def _measure(wanted: Wanted, models: Sequence["Model"], *, other: Sequence["Model"]) -> list["Part"]:
    from pipelines.training.data import read_examples
    from pipelines.training.evaluation import head_for
    from workers.cli.progress import shown

    for model in (*models, *other):  # before the first row is read: measuring takes minutes
        for _, task in wanted.files:
            head_for(model, task, head=wanted.head)
    parts = []
    with shown("measuring") as counter:
        for done, (path, task) in enumerate(wanted.files):
            counter.update(done=done, total=len(wanted.files), note=path.name)
            examples = read_examples(path, task)[: wanted.limit]
            if not any(example.label or example.spans for example in examples):
                raise ValueError(f"{path.name} holds no {'row' if not examples else 'span'} to measure a model by")
            parts.append(_part(wanted, path.name, task, examples, models, other=other))
    return parts


def _part(
    wanted: Wanted, file: str, task: "Task", examples: list["Example"], models: Sequence["Model"], *, other: Sequence["Model"]
) -> "Part":
    from pipelines.training.evaluation import evaluate_examples
    from pipelines.training.evaluation.comparison import compare
    from pipelines.training.evaluation.report import Part
    from pipelines.training.evaluation.slices import slices_of

    found = [evaluate_examples(model, task, examples, head=wanted.head, file=file) for model in (*models, *other)]
    own = found[: len(models)]
    slices = {by: slices_of(own[0], by, seed=wanted.seed) for by in wanted.slices}
    return Part(own, compare(own[0], found[-1], seed=wanted.seed) if other else None, slices)
