"""`bellwether db`: bring the database's tables to head, or say where they are; the steps stand in `db.migrations`."""

import typer

from workers.cli.common import fail

app = typer.Typer(no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Migrate the database to head; several at once wait for each other."""
    from db import migrate
    from workers import endpoints

    migrate.upgrade(endpoints.postgres_url())
    typer.echo(f"The database is at {migrate.head()}.")


@app.command()
def current() -> None:
    """Print the database's revision; exit code 1 if it is not at head."""
    from db import migrate
    from workers import endpoints

    found = migrate.current(endpoints.engine())
    typer.echo(found or "empty")
    if not migrate.is_at_head(endpoints.engine()):
        fail(f"head is {migrate.head()}; run `bellwether db upgrade`")
