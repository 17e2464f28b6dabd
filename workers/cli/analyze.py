"""`bellwether analyze`: read one text right here, without any server; how it looks on a terminal is left to `analysis_view`."""

from typing import Annotated

import typer

from pipelines.records import Analysis, Document, Kind
from workers.cli.given import given_text

app = typer.Typer(add_completion=False)


@app.command()
def analyze(
    text: Annotated[str | None, typer.Argument(help="The text; leave it out with --file.")] = None,
    *,
    file: Annotated[str | None, typer.Option("--file", help="Read the text from a file, or from standard input with -.")] = None,
    kind: Annotated[Kind, typer.Option(help="What sort of text it is; it chooses the sentiment head.")] = Kind.NEWS,
    taxonomy: Annotated[str | None, typer.Option(help="Whose topics to give; without it, the default of the kind.")] = None,
    title: Annotated[str | None, typer.Option(help="Its title, read as context.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the analysis as JSON.")] = False,
) -> None:
    """Analyse a text right here, without any server."""
    from workers.settings import settings
    from workers.taxonomies import check_taxonomy

    check_taxonomy(taxonomy)
    document = Document(0, kind, given_text(text, file, command="analyze"), taxonomy or settings().default_taxonomies[kind.value], title)
    _print(document, _analyze(document), as_json=as_json)


def _analyze(document: Document) -> Analysis:
    from workers.analyst import load_analyzer
    from workers.settings import settings

    [outcome] = load_analyzer(settings().engine).analyze([document])
    if not isinstance(outcome, Analysis):
        raise outcome.error
    return outcome


def _print(document: Document, analysis: Analysis, *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    if as_json:
        typer.echo(json.dumps(asdict(analysis), ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from workers.cli.analysis_view import view

    Console().print(view(document, analysis))
