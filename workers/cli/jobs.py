"""`bellwether jobs`: what was submitted and how far it is."""

import json
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from workers.cli.ages import age
from workers.cli.common import Format, print_rows
from workers.errors import Exit

if TYPE_CHECKING:
    from db.jobs import JobView

app = typer.Typer(help="See what was submitted and how far it is.", no_args_is_help=True)

_COLUMNS = ("job", "state", "lane", "total", "done", "failed", "rejected", "duplicates", "created_at", "finished_at", "submitted_by")
_SHOWN = ("job", "state", "analysed", "quarantined", "age")

JobId = Annotated[UUID, typer.Argument(help="The job, as `bellwether enqueue` and `jobs list` print it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_jobs(
    *,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=1_000)] = 20,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """List the latest jobs."""
    from db import jobs
    from db.engine import transaction
    from workers import endpoints

    with transaction(endpoints.engine()) as session:
        found = jobs.list_jobs(session, limit=limit)
    chosen = Format.JSON if as_json else form
    if chosen is not Format.TABLE:
        print_rows([_row(job) for job in found], columns=_COLUMNS, form=chosen)
    elif found:
        print_rows([_shown(job) for job in found], columns=_SHOWN, form=chosen)
    else:
        typer.echo("no jobs yet; `bellwether enqueue FILE` sends the first")


@app.command()
def show(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Show one job."""
    from workers import endpoints
    from workers.waiting import job_or_fail

    job = job_or_fail(endpoints.engine(), job_id)
    _print_job(job, as_json=as_json)


@app.command()
def watch(
    job_id: JobId,
    *,
    timeout: Annotated[float | None, typer.Option(help="Stop waiting after so many seconds (exit code 5).", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Wait until a job is finished; exit code 3 if some of its records were quarantined, 5 if `--timeout` passed."""
    from datetime import timedelta

    from workers import endpoints
    from workers.cli.progress import follow
    from workers.waiting import watch_job

    job = follow(watch_job(endpoints.engine(), job_id, timeout=timedelta(seconds=timeout) if timeout else None))
    _print_job(job, as_json=as_json)
    if job.state == "partial":
        raise typer.Exit(int(Exit.PARTIAL))


def _row(job: "JobView") -> dict[str, Any]:
    return {
        "job": str(job.id),
        "state": job.state,
        "lane": str(job.lane),
        "total": job.n_total,
        "done": job.n_done,
        "failed": job.n_failed,
        "rejected": job.n_rejected,
        "duplicates": job.n_duplicate,
        "created_at": job.created_at.isoformat(timespec="seconds"),
        "finished_at": job.finished_at.isoformat(timespec="seconds") if job.finished_at else None,
        "submitted_by": job.submitted_by,
    }


def _shown(job: "JobView") -> dict[str, Any]:
    """Return what fits on a terminal's line."""
    return {
        "job": str(job.id),
        "state": job.state,
        "analysed": f"{job.n_done:,}/{job.n_total:,}",
        "quarantined": job.n_failed + job.n_rejected,
        "age": age(job.created_at),
    }


def _print_job(job: "JobView", *, as_json: bool) -> None:
    row = _row(job)
    if as_json:
        typer.echo(json.dumps(row, ensure_ascii=False))
        return
    for name, value in row.items():
        shown = "-" if value is None else f"{value:,}" if isinstance(value, int) else value
        typer.echo(f"{name.replace('_', ' '):<13} {shown}")
    if job.n_failed or job.n_rejected:
        typer.echo(f"`bellwether quarantine list --job {job.id}` shows what was quarantined, and why")
