"""`bellwether explain`: why the model read a text as it did; the work is in `pipelines.explain`, its looks in `explanation_view`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.records import Document, Kind
from workers.cli.given import given_text

if TYPE_CHECKING:
    from pipelines.explain.values import Story

app = typer.Typer(add_completion=False)


class Method(StrEnum):
    """How words are weighed."""

    GRADIENTS = "gradients"
    OCCLUSION = "occlusion"


@app.command()
def explain(
    text: Annotated[str | None, typer.Argument(help="The text; leave it out with --file.")] = None,
    *,
    file: Annotated[str | None, typer.Option("--file", help="Read the text from a file, or from standard input with -.")] = None,
    kind: Annotated[Kind, typer.Option(help="What sort of text it is; it chooses the sentiment head.")] = Kind.NEWS,
    towards: Annotated[str | None, typer.Option(help="Explain the sentiment towards this name, as it stands in the text.")] = None,
    occurrence: Annotated[int, typer.Option(min=1, help="Which of its places, where the name stands there more than once.")] = 1,
    label: Annotated[str | None, typer.Option(help="Weigh words for this sentiment; else positive against negative.")] = None,
    against: Annotated[str | None, typer.Option(help="Weigh them against this sentiment; else the likeliest other.")] = None,
    taxonomy: Annotated[str | None, typer.Option(help="Whose topics to explain; else the default of the kind.")] = None,
    by: Annotated[Method | None, typer.Option(help="How to weigh words; else gradients where the model has any.")] = None,
    model: Annotated[str | None, typer.Option(help="A name in the catalogue or a model folder; else the one that serves.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page to this file, too.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show which words moved the sentiment of a text, and what matched its topic."""
    from pipelines.explain.story import tell
    from pipelines.explain.values import By
    from pipelines.model import load_model
    from pipelines.taxonomy import read_taxonomies
    from workers.analyst import pick_device
    from workers.settings import settings
    from workers.taxonomies import check_taxonomy

    engine = settings().engine
    given = given_text(text, file, command="explain")
    loaded = load_model(model or engine.model, device=pick_device(engine.device), n_threads=engine.threads, catalog=engine.catalog)
    if f"topics_{taxonomy}" not in loaded.labels:
        check_taxonomy(taxonomy)
    story = tell(
        Document(0, kind, given, taxonomy or settings().default_taxonomies[kind.value]),
        model=loaded,
        taxonomies=read_taxonomies(engine.taxonomies),
        by=None if by is None else By(by.value),
        towards=towards,
        occurrence=occurrence,
        label=label,
        against=against,
    )
    if html is not None:
        _save_page(story, html)
    _print(story, as_json=as_json)


def _save_page(story: "Story", path: Path) -> None:
    from pipelines.explain.page import story_page
    from pipelines.training.pages import save_page

    save_page(path, story_page(story))
    typer.echo(f"The page is {path}", err=True)


def _print(story: "Story", *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    if as_json:
        typer.echo(json.dumps(asdict(story), ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from workers.cli.explanation_view import view

    Console().print(view(story))
