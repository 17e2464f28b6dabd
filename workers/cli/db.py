"""`bellwether db`: migrate the database, count rollups anew, erase; the steps stand in `db.migrations`, `db.rollups`, `db.retention`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import fail
from workers.cli.who import who

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

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


@app.command()
def rollups() -> None:
    """Count all rollups anew: do it after a change of rollups.bucket. Reports and alerts wait for it meanwhile."""
    from db.engine import transaction
    from db.rollups import touch_all
    from workers import endpoints
    from workers.sweeper import refresh_rollups_once

    with transaction(endpoints.engine()) as session:
        touch_all(session)
    refresh_rollups_once(endpoints.engine())
    typer.echo("All rollups are counted anew.")


@app.command()
def erase(
    *,
    author: Annotated[str | None, typer.Option(help="Every record by this author, in every source.")] = None,
    source: Annotated[str | None, typer.Option(help="With --record: its source.")] = None,
    record: Annotated[str | None, typer.Option(help="With --source: the record's external id.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Erase a person, or one record, for good: every version, with what was said of it, and from incidents' examples.

    Names and ids are compared letter by letter. Rollups are counted anew within seconds.

    Lines that intake refused hold no author: they go with the quarantine's retention. Backups are yours to erase.

    Exit code 1 if nothing of the kind was stored.
    """
    from db.engine import transaction
    from workers import endpoints
    from workers.errors import NotFound, UsageError

    if (author is not None) == (source is not None or record is not None) or (source is None) != (record is None):
        raise UsageError("Say whose or which: --author NAME, or --source NAME with --record EXTERNAL_ID.")
    told = f"by {author!r}" if author is not None else f"{record!r} of source {source!r}"
    engine = endpoints.engine()
    _confirm(f"Erase everything stored {told} for good?", yes=yes)
    with transaction(engine) as session:
        n_erased = _erased(session, author=author, source=source or "", record=record or "")
    if not n_erased:
        raise NotFound(f"No record {told} was stored; names and ids are compared letter by letter.")
    typer.echo(f"erased {told}: {n_erased:,} {'version' if n_erased == 1 else 'versions'} of records, with all that was said of them")


def _erased(session: "Session", *, author: str | None, source: str, record: str) -> int:
    """Erase and note it; the note of a person must not keep the name that was asked to be forgotten."""
    from db import retention
    from db.audit import write_audit

    if author is not None:
        n_erased = retention.erase_author(session, author)
        write_audit(session, "author.erased", who=who(), n_records=n_erased)
    else:
        n_erased = retention.erase_record(session, source, record)
        write_audit(session, "record.erased", who=who(), source=source, external_id=record, n_records=n_erased)
    return n_erased


def _confirm(question: str, *, yes: bool) -> None:
    from workers.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to answer: say --yes.")
    typer.confirm(question, abort=True)
