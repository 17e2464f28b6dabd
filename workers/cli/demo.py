"""`bellwether demo`: the main job on real sample text, from nothing to an alert; the steps stand in `workers.demo`."""

import signal
from typing import TYPE_CHECKING

import typer

from workers.cli.common import fail
from workers.errors import Exit

if TYPE_CHECKING:
    from rich.console import Console

    from workers.children import SignalInbox
    from workers.demo import Pause
    from workers.demo import Progress as Figures
    from workers.stack import Stack

app = typer.Typer()

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@app.command()
def demo() -> None:
    """Start everything, analyse the shipped sample, show what was found, stop. A second run adds nothing double."""
    from time import monotonic

    from rich.console import Console

    from workers.children import signal_inbox
    from workers.stack import StopAsked, running_stack

    console, started = Console(), monotonic()
    with signal_inbox(*_STOPS, signal.SIGCHLD) as inbox, console.status("Starting") as status:
        try:
            with running_stack(inbox, say=status.update) as stack:
                status.stop()
                figures = _show(console, stack, pause=_pause(inbox, stack))
                status.start()
        except StopAsked:
            fail("stopped before the end; what was sent stays, and a second run goes on with it")
    console.print(f"[dim]Everything is stopped; {monotonic() - started:.0f} s in all. The data stay in {stack.logs.parent}.[/]")
    if figures.n_failed or figures.n_rejected:
        fail(
            f"{figures.n_failed + figures.n_rejected} records went to quarantine; `bellwether up`, then `bellwether quarantine list`",
            code=Exit.PARTIAL,
        )


def _pause(inbox: "SignalInbox", stack: "Stack") -> "Pause":
    """Return what waits, restarts what died, and raises StopAsked on Ctrl-C."""
    from workers.stack import StopAsked

    def pause(seconds: float) -> None:
        stack.tend()
        if any(number in _STOPS for number in inbox.wait(seconds)):
            raise StopAsked

    return pause


def _show(console: "Console", stack: "Stack", *, pause: "Pause") -> "Figures":
    from workers import demo, demo_page

    engine = demo.engine()
    console.print(demo_page.where(stack))
    receipts = demo.send(engine)
    for part, receipt in zip(demo.PARTS, receipts, strict=True):
        console.print(f"[bold]{part.file}[/] as {part.source}: {receipt.sentence()}")
    with demo_page.progress_bar(console) as bar:
        task = bar.add_task("analysing", total=sum(one.n_accepted for one in receipts), rate=0.0, failed=0, quarantined=0)

        def show(one: "Figures") -> None:
            settled, quarantined = one.n_done + one.n_failed, one.n_failed + one.n_rejected
            what = "analysing" if settled or not one.n_total else "loading the model"
            bar.update(task, completed=settled, total=one.n_total, description=what)
            bar.update(task, rate=one.records_per_s, failed=one.n_failed, quarantined=quarantined)

        figures = demo.await_analysis(engine, [receipt.job_id for receipt in receipts], show=show, pause=pause)
    console.print(demo_page.summary(figures))
    with console.status("Judging the alerts"):
        demo.await_alerts(engine, pause=pause)
    console.print(demo_page.page(demo.read_answers(engine)))
    return figures
