"""`bellwether topics suggest`, `check` and `evaluate`: make taxonomies of one's own; the work is in `pipelines.training.topics`.

How what was found is printed is left to `topic_view`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import fail
from workers.errors import Exit

if TYPE_CHECKING:
    from pipelines.embedding import Told
    from pipelines.model import Model
    from pipelines.training.topics import Embedded, Suggested

TaxonomyOption = Annotated[str, typer.Option("--taxonomy", help="A taxonomy file, or the name of an installed taxonomy.")]
DataOption = Annotated[list[Path], typer.Option("--data", help="JSON lines, CSV or Parquet; may be repeated.", show_default=False)]
ModelOption = Annotated[str | None, typer.Option("--model", help="A name in the model catalog, or a folder; else the one that serves.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def suggest(
    more: Annotated[list[Path] | None, typer.Argument(help="More files.", metavar="[FILE]...", show_default=False)] = None,
    *,
    data: DataOption,
    out: Annotated[Path | None, typer.Option(help="Write the draft to this file, too.", dir_okay=False)] = None,
    topics: Annotated[int | None, typer.Option(min=2, max=100, help="How many; else as many as set the records apart best.")] = None,
    taxonomy: Annotated[str | None, typer.Option(help="Look only at records that this taxonomy gives no topic.")] = None,
    name: Annotated[str, typer.Option(help="What the taxonomy is to be called.")] = "draft",
    limit: Annotated[int, typer.Option(min=20, help="Look at so many records, drawn at random.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Decides every random choice.")] = 17,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft a taxonomy from records that nobody labelled: groups of like texts, their key phrases, examples."""
    from pipelines.training.topics import draft_toml
    from workers.cli.topic_view import print_suggested

    if out and out.exists():
        fail(f"{out} is there already; name another file, or remove it", code=Exit.USAGE)
    texts = _texts([*data, *(more or [])], limit=limit, seed=seed)
    loaded = _model(model)
    n_all = len(texts)
    if taxonomy:
        texts = _without_topic(texts, _embedded(taxonomy, loaded))
    found = _grouped(texts, loaded, n_topics=topics, seed=seed)
    if not found:
        fail(f"nothing to draft topics from: of {n_all:,} records {len(texts):,} are left, and no five of them are alike")
    draft = draft_toml(found, name=name, description=f"Drafted from {len(texts):,} records.")
    if out:
        out.write_text(draft, encoding="utf-8")
    print_suggested(found, draft=draft, out=out, as_json=as_json)


def check(
    *,
    taxonomy: TaxonomyOption,
    data: Annotated[list[Path] | None, typer.Option(help="Unlabelled records: they show empty and greedy topics, too.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Look at so many records, drawn at random.")] = 2_000,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 where anything was found.")] = False,
    seed: Annotated[int, typer.Option(help="Decides which records are drawn.")] = 17,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find overlapping, empty and thin topics of a taxonomy, and examples under the wrong one; say how to mend each."""
    from pipelines.training.topics import check as faults
    from workers.cli.topic_view import print_findings

    texts = _texts(data, limit=limit, seed=seed) if data else []
    embedded = _embedded(taxonomy, _model(model))
    with _told("reading records", total=len(texts)) as tell:
        found = faults(embedded, texts, tell=tell)
    print_findings(found, embedded, n_records=len(texts), as_json=as_json)
    if strict and found:
        raise typer.Exit(int(Exit.FAILED))


def evaluate(
    more: Annotated[list[Path] | None, typer.Argument(help="More files.", metavar="[FILE]...", show_default=False)] = None,
    *,
    taxonomy: TaxonomyOption,
    data: DataOption,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots, and the surest mistakes.", dir_okay=False)] = None,
    hide_texts: Annotated[bool, typer.Option("--hide-texts", help="Quote no row in the page.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Read only the first rows.")] = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a taxonomy on labelled rows (`text`, `label`: the name or title of a topic, or out_of_scope)."""
    from pipelines.training.data import read_examples
    from pipelines.training.tasks import Task, TaskKind
    from pipelines.training.topics import measure
    from workers.cli.topic_view import print_measured, save_measured

    files = [*data, *(more or [])]
    try:
        examples = [one for path in files for one in read_examples(path, Task("topics", TaskKind.TOPICS))][:limit]
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    if not examples:
        fail(f"{files[0]} has no rows; each needs `text` and `label`", code=Exit.USAGE)
    embedded = _embedded(taxonomy, _model(model))
    try:
        with _told("measuring", total=len(examples)) as tell:
            found = measure(embedded, examples, file=", ".join(path.name for path in files), tell=tell)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)
    print_measured(found, as_json=as_json)
    if html:
        save_measured(found, html, hide_texts=hide_texts)
        typer.echo(f"The page is {html}.", err=True)


_TOKEN_BUDGET = 2_048


def _model(name: str | None) -> "Model":
    from pipelines.model import load_model
    from workers.analyst import pick_device
    from workers.settings import settings

    engine = settings().engine
    return load_model(name or engine.model, device=pick_device(engine.device), n_threads=engine.threads, catalog=engine.catalog)


def _embedded(name: str, model: "Model") -> "Embedded":
    from pipelines.taxonomy import read_taxonomies
    from pipelines.training.topics import embed_taxonomy, read_described
    from workers.settings import settings

    taxonomy = read_described(name, installed=read_taxonomies(settings().engine.taxonomies))
    return embed_taxonomy(taxonomy, model=model, token_budget=_TOKEN_BUDGET)


def _texts(paths: Sequence[Path], *, limit: int, seed: int) -> list[str]:
    from pipelines.training.topics.sample import sample_texts

    try:
        return sample_texts(paths, limit=limit, seed=seed)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)


def _grouped(texts: Sequence[str], model: "Model", *, n_topics: int | None, seed: int) -> "list[Suggested]":
    from pipelines.embedding import embed_texts
    from pipelines.training.topics import suggest as grouped
    from pipelines.training.topics.phrases import gist

    try:
        with _told("reading records", total=len(texts)) as tell:
            vectors = embed_texts([gist(text) or text for text in texts], model=model, token_budget=_TOKEN_BUDGET, tell=tell)
        return grouped(texts, vectors, n_topics=n_topics, seed=seed)
    except ValueError as problem:
        fail(str(problem), code=Exit.USAGE)


def _without_topic(texts: Sequence[str], embedded: "Embedded") -> list[str]:
    with _told("matching records", total=len(texts)) as tell:
        best = embedded.likeness(texts, tell=tell).max(axis=1)
    return [text for text, alike in zip(texts, best.tolist(), strict=True) if alike < embedded.threshold]


@contextmanager
def _told(what: str, *, total: int) -> "Iterator[Told]":
    from workers.cli.progress import shown

    with shown(what) as counter:
        yield lambda done: counter.update(done=done, total=total)
