"""`bellwether beat`: the scheduler, exactly one; what it sends stands in `workers.schedule`."""

from typing import Annotated

import typer

from workers.cli.common import Format, print_rows

app = typer.Typer()


@app.command()
def beat(
    *,
    listed: Annotated[bool, typer.Option("--list", help="Print the schedule and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: as JSON.")] = False,
) -> None:
    """Run the scheduler; exactly one. A tick is a hint: what is due stands in SQL, so a second one does no harm."""
    if listed:
        from workers.schedule import entries

        rows = [
            {"entry": name, "every": str(entry.every), "task": entry.task, "queue": entry.queue, "why": entry.why}
            for name, entry in entries().items()
        ]
        print_rows(rows, columns=["entry", "every", "task", "why"], form=Format.JSON if as_json else Format.TABLE)
        return
    from pathlib import Path

    import workers.lifecycle  # noqa: F401  # it takes over logging before beat sets up its own
    from workers.app import app as celery

    Path(celery.conf.beat_schedule_filename).parent.mkdir(parents=True, exist_ok=True)
    celery.Beat(quiet=True, loglevel="INFO").run()
