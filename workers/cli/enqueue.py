"""`bellwether enqueue`: the records of a file, or of standard input, sent for analysis; validation is `workers.intake`'s work."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.records import Kind, Lane
from workers.cli.who import who
from workers.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from sqlalchemy import Engine

    from db.jobs import JobView
    from workers.errors import Overloaded
    from workers.receipt import Item, Receipt

app = typer.Typer()

_FORMATS = "jsonl, csv, tsv or parquet"


@app.command()
def enqueue(
    file: Annotated[str, typer.Argument(help="CSV, JSON lines or Parquet, also as .gz; - for standard input.")],
    *,
    source: Annotated[str | None, typer.Option(help="Where the records come from; wins over the records' own.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="What sort of text it is; it chooses the sentiment head.")] = None,
    lane: Annotated[Lane, typer.Option(help="Live goes before backfill; a backfill never raises an alarm.")] = Lane.LIVE,
    form: Annotated[str | None, typer.Option("--format", help=f"{_FORMATS}, where the file's name doesn't tell.")] = None,
    mapping: Annotated[str | None, typer.Option("--map", help="FIELD=COLUMN pairs, as in text=body,published_at=created.")] = None,
    taxonomy: Annotated[str | None, typer.Option(help="The taxonomy that names the source's topics.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every record is analysed.")] = False,
    timeout: Annotated[float | None, typer.Option(help="Stop waiting after so many seconds (exit code 5).", min=0)] = None,
    idempotency_key: Annotated[str | None, typer.Option(help="Sent again with the same key, the file is not even read.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Send the records of a file for analysis.

    Each record needs a text; anything that Bellwether does not know is kept as an attribute.

    Known: text, title, external_id, published_at, source, kind, language, url, author, attributes.

    Exit codes: 0 done, 1 failed, 2 usage, 3 some quarantined, 4 unreachable, 5 timed out.
    """
    from datetime import timedelta

    from workers import endpoints
    from workers.logs import configure_logs

    configure_logs("cli")
    engine = endpoints.engine()
    how = {"source": source, "kind": kind, "lane": lane, "taxonomy": taxonomy, "submitted_by": who()}
    receipt = _submit(engine, file, form=form, mapping=mapping, idempotency_key=idempotency_key, how=how)
    if not as_json:
        print_receipt(receipt)
    job = _waited(engine, receipt, timeout=timedelta(seconds=timeout) if timeout else None) if wait else None
    if as_json:
        typer.echo(
            json.dumps(dict(receipt.as_dict()) | ({"n_done": job.n_done, "n_failed": job.n_failed} if job else {}), ensure_ascii=False)
        )
    elif job:
        typer.echo(f"{job.n_done:,} analysed, {job.n_failed:,} quarantined")
    if receipt.n_rejected or (job and job.n_failed):
        raise typer.Exit(int(Exit.PARTIAL))


def _submit(
    engine: "Engine", file: str, *, form: str | None, mapping: str | None, idempotency_key: str | None, how: dict[str, str | None]
) -> "Receipt":
    from workers.cli.progress import shown
    from workers.intake import submit
    from workers.readers import format_of, open_rows
    from workers.readers.mapping import mapped_rows, parse_mapping
    from workers.settings import settings

    own = settings().sources.get(how["source"] or "")
    columns = parse_mapping(mapping) or (own.map if own else {})
    request_hash = _hash(file) if idempotency_key else None
    with open_rows(file, form=form, max_bytes=settings().intake.max_record_bytes) as rows, shown("sending") as counter:
        n_rows = 0

        def told(items: "Sequence[Item]") -> None:
            nonlocal n_rows
            n_rows += len(items)
            counter.update(done=n_rows)

        found = mapped_rows(rows, mapping=columns, fixed_columns=(form or format_of(file)) in ("csv", "tsv", "parquet"))
        key = f"cli:{idempotency_key}" if idempotency_key else None
        return submit(engine, found, idempotency_key=key, request_hash=request_hash, told=told, overloaded=_patience(), **how)  # type: ignore[arg-type]


def _hash(file: str) -> bytes | None:
    """Return the hash of what the key stands for; None of standard input, which can be read but once."""
    import hashlib
    from pathlib import Path

    if file == "-":
        return None
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _patience() -> "Callable[[Overloaded], None]":
    """Return what waits while too much waits already, and says so once."""
    from time import sleep

    said = False

    def wait(error: "Overloaded") -> None:
        nonlocal said
        if not said:
            typer.echo(
                f"bellwether: {str(error).split('.', maxsplit=1)[0]}. Waiting for room; Ctrl-C stops, and what was sent stays.", err=True
            )
            said = True
        sleep(min(error.retry_after_s, 2))

    return wait


def _waited(engine: "Engine", receipt: "Receipt", *, timeout: "timedelta | None") -> "JobView":
    from workers.cli.progress import follow
    from workers.waiting import watch_job

    return follow(watch_job(engine, receipt.job_id, timeout=timeout))


def print_receipt(receipt: "Receipt") -> None:
    """Print the bad lines to standard error and the closing line to standard output."""
    for item in receipt.rejects:
        typer.echo(f"line {item.line}: {item.detail}" if item.line else str(item.detail), err=True)
    more = receipt.n_rejected - len(receipt.rejects)
    if more > 0 and receipt.rejects:
        typer.echo(f"and {more:,} more; `bellwether quarantine list --job {receipt.job_id}` shows all", err=True)
    typer.echo(receipt.sentence())
    if receipt.n_accepted and sys.stdout.isatty():
        typer.secho(f"job {receipt.job_id}: `bellwether jobs watch {receipt.job_id}`", dim=True)
