"""`bellwether models`: what the catalogue holds, and smaller variants of it; the work is in `pipelines.training.compress`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Format, fail, print_rows
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.catalog import Catalog
    from pipelines.training.compress.variant import Depth, Order, Verdict

app = typer.Typer(no_args_is_help=True, add_completion=False)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SHALLOW = "Fewer layers"
OWN_FILES = ("config.json", "tokenizer.json", "model.safetensors", "README.md", "compression.json")


@app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the models of the catalogue, your own included."""
    catalog, in_use = _catalog()
    rows = [_row(name, catalog, in_use=in_use) for name in catalog.models]
    columns = ("model", "kind", "layers", "stored", "mb", "revision", "note")
    print_rows(rows, columns=columns, form=Format.JSON if as_json else Format.TABLE)


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="A model, as `models list` shows it.")],
    *,
    card: Annotated[bool, typer.Option("--card", help="Print its card.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a model puts out, how it is kept, and where its card is."""
    import json

    catalog, in_use = _catalog()
    values = _details(name, catalog, in_use=in_use)
    if card:
        path = Path(str(values.get("card") or ""))
        if not path.is_file():
            fail(f"model {name} has no card")
        typer.echo(path.read_text(encoding="utf-8"))
    elif as_json:
        typer.echo(json.dumps(values, indent=2, ensure_ascii=False))
    else:
        heads = values.pop("heads", {})
        for key, value in values.items():
            if value not in ("", None):
                typer.echo(f"{key.replace('_', ' '):<14}{value}")
        rows = [{"head": head, **told} for head, told in heads.items()]
        if rows:
            typer.echo()
            print_rows(rows, columns=("head", "labels", "temperature"), form=Format.TABLE)


@app.command("remove")
def remove_model(
    name: Annotated[str, typer.Argument(help="A model of your own catalogue.")],
    *,
    files: Annotated[bool, typer.Option("--files", help="Delete its files too.")] = False,
) -> None:
    """Take a model out of your own catalogue; its files stay unless you say --files."""
    from pipelines.training.unregister import NotRemoved, forget_model
    from workers.settings import settings

    catalog, in_use = _catalog()
    entry, own = catalog.entry(name), settings().engine.catalog
    if name == in_use:
        raise NotRemoved(f"{name} is the model in use (engine.model); set another one first")
    if own is None or not own.exists():
        raise NotRemoved(f"{name} comes with Bellwether; only models of your own catalogue (setting engine.catalog) can be removed")
    folder = catalog.place(entry.path) if entry.kind == "bellwether" else None
    if files and folder and (needed := _needing(name, folder, catalog)):
        raise NotRemoved(f"{', '.join(needed)} need the files of {name}; remove those first, or leave out --files")
    forget_model(name, catalog=own)
    typer.echo(f"{own}: {name} is gone")
    if files and folder:
        typer.echo(f"{folder}: {_delete(folder)} files deleted")


@app.command("compress")
def compress_model(
    model: Annotated[str, typer.Argument(help="A name in the catalogue, or a model folder.")],
    more: Annotated[list[Path] | None, typer.Argument(help="More labelled files for the gate.")] = None,
    *,
    data: Annotated[list[Path], typer.Option(help="Labelled rows for the gate, in files named <task>.*; give one for every task.")],
    name: Annotated[str | None, typer.Option(help="The variant's name; without it, the model's with -int8 or -small.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the variant; without it, models/NAME.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for checkpoints and figures; without it, OUT.work.")] = None,
    max_loss: Annotated[float, typer.Option(min=0, help="Points that any figure may fall before the variant is refused.")] = 0.5,
    limit: Annotated[int | None, typer.Option(min=1, help="Measure on at most so many rows of each file, evenly spread.")] = None,
    int8: Annotated[bool | None, typer.Option("--int8/--no-int8", help="Keep it in 8 bits; the default without --layers.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Keep so many layers and teach them anew.", rich_help_panel=SHALLOW)] = None,
    texts: Annotated[list[Path] | None, typer.Option(help="Texts to learn from; labels are not needed.", rich_help_panel=SHALLOW)] = None,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens to learn from in all.", rich_help_panel=SHALLOW)] = 700_000,
    seed: Annotated[int, typer.Option(help="Decides which texts, and their order.", rich_help_panel=SHALLOW)] = 17,
    share_words: Annotated[
        bool, typer.Option("--share-words", help="Read word embeddings from the original's folder instead of storing them again.")
    ] = False,
    catalog: Annotated[Path | None, typer.Option(help="Enter the variant here, not in the catalogue of the settings.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Make a smaller, faster variant of a model, measure it beside the original, and keep it only if it reads nearly as well.

    Without --layers the variant is the same model in 8 bits. With --layers 3 --texts FILE three of its layers learn to say what
    all of them said; started again, a run that was cut off goes on.
    """
    from pipelines.training.compress.variant import Depth

    if (layers is None) != (not texts):
        fail("--layers N and --texts FILE go together: fewer layers must learn from texts (labels are not needed)", code=Exit.USAGE)
    depth = Depth(layers, tuple(texts or ()), tokens, seed) if layers else None
    for path in [*data, *(more or []), *(texts or [])]:
        if not path.exists():
            fail(f"there is no {path}", code=Exit.USAGE)
    try:
        order = _order(
            model, name=name, out=out, work=work, data=(*data, *(more or [])), depth=depth, is_int8=depth is None if int8 is None else int8
        )
        _compress(_limited(order, shares_words=share_words, limit=limit, max_loss=max_loss, n_threads=threads), catalog, as_json=as_json)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)


def _order(
    model: str, *, name: str | None, out: Path | None, work: Path | None, data: tuple[Path, ...], depth: "Depth | None", is_int8: bool
) -> "Order":
    from pipelines.training.compress.variant import Order

    source = _folder_of(model)
    usual = f"{source.name if Path(model).is_dir() else model}-{'small' if depth else 'int8'}"
    called = name or usual
    place = out or Path("models") / called
    return Order(Path(model).name, source, called, place, work or place.with_name(f"{place.name}.work"), data, is_int8, depth)


def _limited(order: "Order", **values: Any) -> "Order":
    from dataclasses import replace

    return replace(order, **values)


def _compress(order: "Order", catalog: Path | None, *, as_json: bool) -> None:
    import json

    from pipelines.training.compress.run import Refused, as_json_values, compress
    from pipelines.training.own.register import check_name, register_model
    from workers.cli.progress import shown
    from workers.settings import settings

    check_name(order.name)
    own = settings().engine.catalog
    try:
        with shown("teaching") as counter:
            verdict = compress(
                order,
                tell=lambda line: typer.echo(line, err=True),
                show=lambda done, total, note: counter.update(done=done, total=total, note=note),
            )
    except Refused as refused:
        if as_json:
            typer.echo(json.dumps(as_json_values(refused.verdict), indent=2))
        else:
            _print_verdict(refused.verdict)
        raise
    entered = register_model(order.name, order.out, catalog=catalog or own or Path("catalog.toml"))
    if as_json:
        typer.echo(json.dumps({**as_json_values(verdict), "folder": str(order.out), "catalog": str(entered.catalog)}, indent=2))
        return
    _print_verdict(verdict)
    typer.echo(f"\n{entered.catalog}: {entered.name}, revision {entered.revision}; its card is {order.out / 'README.md'}")
    setting = "" if own == entered.catalog else f'catalog = "{entered.catalog}"\n'
    typer.echo(f'Use it, in bellwether.toml:\n[engine]\n{setting}model = "{entered.name}"')


def _print_verdict(verdict: "Verdict") -> None:
    from pipelines.training.compress.card import size_line

    rows = [loss.to_row() for loss in verdict.losses]
    print_rows(rows, columns=("task", "figure", "n", "before", "after", "lost_points", "same_answers"), form=Format.TABLE)
    typer.echo()
    speeds = [
        {
            "model": one.name,
            "arithmetic": one.arithmetic,
            "tokens a second": round(one.tokens_per_second),
            "times as fast": f"{one.ratio:.2f}",
        }
        for one in verdict.speeds
    ]
    print_rows(speeds, columns=("model", "arithmetic", "tokens a second", "times as fast"), form=Format.TABLE)
    typer.echo(f"\n{size_line(verdict.size)}")
    for note in verdict.notes:
        typer.echo(note)


def _catalog() -> "tuple[Catalog, str]":
    from pipelines.catalog import read_catalog
    from workers.settings import settings

    engine = settings().engine
    return read_catalog(engine.catalog), engine.model


def _folder_of(model: str) -> Path:
    if Path(model).is_dir() and (Path(model) / "config.json").is_file():
        return Path(model)
    catalog, _ = _catalog()
    entry = catalog.entry(model)
    if entry.kind != "bellwether":
        raise ValueError(f"{model} is a set of Hugging Face models; only a model in Bellwether's own format can be compressed")
    return catalog.place(entry.path)


def _row(name: str, catalog: "Catalog", *, in_use: str) -> dict[str, Any]:
    values = _details(name, catalog, in_use=in_use)
    return {key: values.get(key) for key in ("model", "kind", "layers", "stored", "mb", "revision", "note")}


def _details(name: str, catalog: "Catalog", *, in_use: str) -> dict[str, Any]:
    from pipelines.errors import ModelUnavailable
    from pipelines.model_files import CARD, facts_of

    entry = catalog.entry(name)
    note = "in use" if name == in_use else ""
    if entry.kind != "bellwether":
        parts = {role: getattr(entry, role) for role in ("sentiment", "topics", "entities", "embedding")}
        told = {role: str(part.path or f"{part.id}@{part.revision[:12]}") for role, part in parts.items() if part}
        return {"model": name, "kind": entry.kind, "note": note, **told}
    folder = catalog.place(entry.path)
    try:
        facts = facts_of(folder)
    except ModelUnavailable as problem:
        return {"model": name, "kind": entry.kind, "note": str(problem)}
    shared = f"shares the word embeddings of {facts.words_from.name}" if facts.words_from else ""
    return {
        "model": name,
        "kind": entry.kind,
        "layers": facts.n_layers,
        "width": facts.width,
        "window_tokens": facts.window_tokens,
        "stored": "8 bits" if facts.is_int8 else "16 bits",
        "mb": round(facts.n_bytes / 1e6, 1),
        "revision": facts.revision,
        "folder": str(folder),
        "card": str(folder / CARD) if (folder / CARD).is_file() else "",
        "note": ", ".join(filter(None, (note, shared))),
        "heads": {head: {"labels": n, "temperature": facts.temperatures.get(head)} for head, n in facts.heads.items()},
    }


def _needing(name: str, folder: Path, catalog: "Catalog") -> list[str]:
    from pipelines.errors import ModelUnavailable
    from pipelines.model_files import facts_of

    found = []
    for other, entry in catalog.models.items():
        if other == name or entry.kind != "bellwether":
            continue
        place = catalog.place(entry.path)
        try:
            needs = place.resolve() == folder.resolve() or facts_of(place).words_from == folder.resolve()
        except ModelUnavailable:
            continue
        if needs:
            found.append(other)
    return found


def _delete(folder: Path) -> int:
    """Delete what a model folder holds, and the folder if nothing else lies there; return how many files that were."""
    there = [folder / name for name in OWN_FILES if (folder / name).is_file()]
    for path in there:
        path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return len(there)
