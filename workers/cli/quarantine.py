"""`bellwether quarantine`: what could not be read or analysed, and the ways out of there."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from workers.cli.ages import age
from workers.cli.common import Format, print_rows
from workers.cli.who import who
from workers.errors import Exit

if TYPE_CHECKING:
    from db.quarantine import Quarantined

app = typer.Typer(help="See, export and release what could not be read or analysed.", no_args_is_help=True)

_COLUMNS = ("id", "line", "reason", "detail", "source", "external_id", "record_id", "job_id", "attempts", "quarantined_at")
_SHOWN = ("id", "line", "reason", "detail", "source", "age")

Reason = Annotated[str | None, typer.Option(help="Only this reason, such as bad_time.")]
Source = Annotated[str | None, typer.Option(help="Only of this source.")]
Job = Annotated[UUID | None, typer.Option(help="Only of this job.")]


@app.command("list")
def list_rows(
    *,
    job: Job = None,
    reason: Reason = None,
    source: Source = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1)] = 50,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what is in quarantine, with its reason; texts are shown by `export` only."""
    from db import quarantine
    from db.engine import transaction
    from workers import endpoints

    with transaction(endpoints.engine()) as session:
        found = quarantine.list_quarantined(session, limit=limit, reason=reason, source=source, job_id=job)
    chosen = Format.JSON if as_json else form
    rows = [{name: getattr(one, name) for name in _COLUMNS} | {"age": age(one.quarantined_at)} for one in found]
    if rows or chosen is not Format.TABLE:
        print_rows(rows, columns=_SHOWN if chosen is Format.TABLE else _COLUMNS, form=chosen)
    else:
        typer.echo("nothing in quarantine")


@app.command()
def export(
    output: Annotated[Path | None, typer.Argument(help="Where to write; standard output if left out.")] = None,
    *,
    job: Job = None,
    reason: Reason = None,
    source: Source = None,
    raw: Annotated[bool, typer.Option("--raw", help="Write the refused lines as they came, to mend and send again.")] = False,
) -> None:
    """Write what is in quarantine as JSON lines, texts included; mend them and send them with `bellwether enqueue`."""
    from db import quarantine
    from db.engine import transaction
    from workers import endpoints

    n_rows = n_skipped = 0
    with output.open("wb") if output else _standard_output() as stream, transaction(endpoints.engine()) as session:
        for one in quarantine.export_quarantined(session, reason=reason, source=source, job_id=job):
            line = one.payload if raw else json.dumps(_exported(one), default=str, ensure_ascii=False).encode()
            if line is None:
                n_skipped += 1
                continue
            stream.write(line.rstrip(b"\n") + b"\n")
            n_rows += 1
        stream.flush()
    skipped = f"; {n_skipped:,} are stored records: `bellwether quarantine release` tries those again" if n_skipped else ""
    typer.echo(f"{n_rows:,} rows{f' to {output}' if output else ''}{skipped}", err=True)


@app.command()
def release(
    ids: Annotated[list[int] | None, typer.Argument(help="Rows, as `quarantine list` shows them.")] = None,
    *,
    job: Job = None,
    reason: Reason = None,
    source: Source = None,
    everything: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
) -> None:
    """Analyse stored records again, say after a better model was installed; lines that intake refused must be exported and mended."""
    from workers.errors import UsageError
    from workers.logs import configure_logs
    from workers.release import release_rows, rows_to_release

    if not (ids or job or reason or source or everything):
        raise UsageError("Say which rows: their numbers, --job, --reason, --source or --all; `bellwether quarantine list` shows them.")
    configure_logs("cli")
    chosen = list(ids or []) or rows_to_release(job_id=job, reason=reason, source=source)
    released = release_rows(chosen, who=who())
    typer.echo(f"{released.n_records:,} records released; they will be analysed again")
    if released.n_skipped:
        typer.echo(
            f"{released.n_skipped:,} hold no record that could be analysed again: "
            "`bellwether quarantine export --raw FILE` writes the lines that came, to mend and send again",
            err=True,
        )
        raise typer.Exit(int(Exit.PARTIAL))


def _exported(one: "Quarantined") -> dict[str, Any]:
    payload = None if one.payload is None else one.payload.decode("utf-8", "replace")
    return {
        "id": one.id,
        "reason": one.reason,
        "detail": one.detail,
        "source": one.source,
        "line": one.line,
        "external_id": one.external_id,
        "job_id": one.job_id,
        "attempts": one.attempts,
        "quarantined_at": one.quarantined_at.isoformat(),
        "record_id": one.record_id,
        "title": one.title,
        "text": one.text,
        "payload": payload,
    }


def _standard_output() -> Any:
    from contextlib import nullcontext

    return nullcontext(sys.stdout.buffer)
