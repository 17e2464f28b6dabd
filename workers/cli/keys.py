"""`bellwether keys`: who may call the API; a key is shown once and kept as its hash only."""

from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import Format, print_rows
from workers.cli.who import who
from workers.errors import Conflict, NotFound

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer(help="Make and revoke API keys.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the key is called; jobs and audit notes show it.")]


@app.command()
def create(name: Name) -> None:
    """Make a key and print it: the only time that it can be seen."""
    from db import keys
    from db.engine import transaction
    from workers import endpoints

    with transaction(endpoints.engine()) as session:
        key = keys.create_key(session, name, who=who())
    if key is None:
        raise Conflict(f"A key named {name!r} exists, or did; `bellwether keys list` shows all. Take another name.")
    typer.echo(key)
    typer.echo("Keep it now: only its hash is stored. Send it as `Authorization: Bearer KEY`.", err=True)


@app.command("list")
def list_keys(
    *,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every key by name, revoked ones too."""
    from db import keys
    from db.engine import transaction
    from workers import endpoints

    with transaction(endpoints.engine()) as session:
        rows = [
            {"name": key.name, "created_at": _told(key.created_at), "revoked_at": _told(key.revoked_at)} for key in keys.list_keys(session)
        ]
    if not rows and form is Format.TABLE and not as_json:
        typer.echo("no keys yet; `bellwether keys create NAME` makes one")
        return
    print_rows(rows, columns=("name", "created_at", "revoked_at"), form=Format.JSON if as_json else form)


@app.command()
def revoke(name: Name) -> None:
    """Refuse a key from now on."""
    from db import keys
    from db.engine import transaction
    from workers import endpoints

    with transaction(endpoints.engine()) as session:
        if not keys.revoke_key(session, name, who=who()):
            raise NotFound(f"There is no working key named {name!r}; `bellwether keys list` shows all.")
    typer.echo(f"{name} is revoked")


def _told(at: "datetime | None") -> str | None:
    return at.isoformat(timespec="seconds") if at else None
