"""`bellwether topics`: the taxonomies that sources may name, and what they hold; reading the files is left to `pipelines.taxonomy`.

Drafting, checking and measuring one is left to `topic_workshop`.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli import topic_workshop
from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from pipelines.taxonomy import Taxonomies, Taxonomy

app = typer.Typer(no_args_is_help=True, add_completion=False)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_taxonomies(as_json: JsonOption = False) -> None:
    """List the installed taxonomies, your own included."""
    rows = [
        {"taxonomy": one.name, "kind": one.kind, "topics": _n_topics(one), "threshold": one.threshold, "description": one.description}
        for one in _installed().values()
    ]
    columns = ("taxonomy", "kind", "topics", "threshold", "description")
    print_rows(rows, columns=columns, form=Format.JSON if as_json else Format.TABLE)


@app.command("show")
def show_taxonomy(name: Annotated[str, typer.Argument(help="A taxonomy, as `topics list` shows it.")], as_json: JsonOption = False) -> None:
    """Show the topics of one taxonomy."""
    taxonomy = _installed()[name]
    if as_json:
        typer.echo(taxonomy.model_dump_json(indent=2))
        return
    print_rows(_topics(taxonomy), columns=("topic", "title", "examples", "description"), form=Format.TABLE, title=_heading(taxonomy))


app.command("suggest")(topic_workshop.suggest)
app.command("check")(topic_workshop.check)
app.command("evaluate")(topic_workshop.evaluate)


def _installed() -> "Taxonomies":
    from pipelines.taxonomy import read_taxonomies
    from workers.settings import settings

    return read_taxonomies(settings().engine.taxonomies)


def _n_topics(taxonomy: "Taxonomy") -> int | None:
    from pipelines.taxonomy import DescribedTaxonomy

    return len(taxonomy.topics) if isinstance(taxonomy, DescribedTaxonomy) else len(taxonomy.titles) or None


def _topics(taxonomy: "Taxonomy") -> list[dict[str, Any]]:
    from pipelines.taxonomy import DescribedTaxonomy

    if isinstance(taxonomy, DescribedTaxonomy):
        return [
            {"topic": topic.name, "title": topic.title, "examples": len(topic.examples), "description": topic.description}
            for topic in taxonomy.topics
        ]
    return [{"topic": name, "title": title, "description": f"trained head {taxonomy.head}"} for name, title in taxonomy.titles.items()]


def _heading(taxonomy: "Taxonomy") -> str:
    return f"{taxonomy.name}: {taxonomy.description or taxonomy.kind}"
