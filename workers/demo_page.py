"""Draw the demo on a terminal: where things run, how far the sample is, what was found; the values come from `workers.demo`."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from workers.cli.incident_view import view
from workers.demo import PARTS, Answers
from workers.demo import Progress as Figures
from workers.stack import Stack

_COLOURS = {"n_negative": "red", "n_neutral": "bright_black", "n_positive": "green"}
_BAR_CHARS = 22


def where(stack: Stack) -> RenderableType:
    """Return what runs where."""
    rows = [
        ("API", stack.api_url, "HTTP; its documentation at /docs"),
        ("Flower", stack.flower_url, "workers, queues and tasks"),
        ("analyze worker", "bellwether.analyze.live, .backfill", "reads the text; a model a child"),
        ("io worker, beat", "bellwether.io, bellwether.alerts", "sweep, inbox, rollups, alerts"),
        ("Valkey, PostgreSQL", str(stack.logs.parent), "carries the queues; keeps everything"),
    ]
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(style="cyan", overflow="fold")
    table.add_column(style="dim")
    for row in rows:
        table.add_row(*row)
    return Panel(table, title="what runs where", title_align="left", border_style="dim", padding=(0, 1))


def progress_bar(console: Console) -> Progress:
    """Return a bar with the fields rate, failed and quarantined."""
    return Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} records"),
        TextColumn("[cyan]{task.fields[rate]:,.0f}/s"),
        TextColumn("{task.fields[failed]} failed, {task.fields[quarantined]} quarantined"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def summary(figures: Figures) -> str:
    """Return one line on the analysis, as the bar last stood."""
    if not figures.n_total:
        return "Nothing to analyse: everything was there already."
    speed = f"{figures.n_done:,} records analysed in {figures.seconds:.0f} s ({figures.records_per_s:,.0f} records/s)"
    return f"{speed}; {figures.n_failed} failed, {figures.n_failed + figures.n_rejected} quarantined."


def page(answers: Answers) -> RenderableType:
    """Return the closing page."""
    return Group(
        _head("sentiment by source"),
        _sentiment(answers.sentiment),
        _head("top topics and entities"),
        Columns([_tops(answers, source=part.source) for part in PARTS], padding=(0, 3), expand=False),
        _head(f"alerts: the strongest of {answers.n_incidents}"),
        view(answers.incident),
        _head("next"),
        _next_commands(),
    )


def _head(title: str) -> RenderableType:
    return Group(Text(), Rule(f"[bold]{title}[/]", align="left", style="dim"))


def _sentiment(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("source")
    for name in ("records", "negative", "neutral", "positive"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in rows:
        shares = [row[name] / max(row["n_records"], 1) for name in _COLOURS]
        table.add_row(row["source"], f"{row['n_records']:,}", *(f"{share:.0%}" for share in shares), _bar(shares))
    return table


def _bar(shares: Sequence[float]) -> Text:
    bar, end, drawn = Text(), 0.0, 0
    for share, colour in zip(shares, _COLOURS.values(), strict=True):
        end += share
        bar.append("█" * (round(end * _BAR_CHARS) - drawn), style=colour)
        drawn = round(end * _BAR_CHARS)
    return bar


def _tops(answers: Answers, *, source: str) -> RenderableType:
    table = Table(title=source, title_justify="left", title_style="bold cyan", box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("topic or entity", overflow="ellipsis", no_wrap=True, max_width=28)
    table.add_column("records", justify="right")
    table.add_column("neg.", justify="right")
    for row in answers.topics:
        if row["source"] == source:
            table.add_row(str(row["topic"] or "no topic"), *_counts(row))
    table.add_section()
    for row in answers.entities:
        if row["source"] == source:
            table.add_row(Text.assemble(str(row["entity"]), (f" {row['entity_group']}", "dim")), *_counts(row))
    return table


def _counts(row: Mapping[str, Any]) -> tuple[str, str]:
    return f"{row['n_records']:,}", f"{row['negative_share']:.0%}"


def _next_commands() -> RenderableType:
    commands = Table.grid(padding=(0, 2, 0, 0))
    commands.add_column(style="bold green", no_wrap=True)
    commands.add_column(style="dim")
    for arguments, what in (
        ("up", "keep all of this running, with the same data"),
        ("enqueue FILE --wait", "your own file, in another terminal"),
        ('analyze "some text"', "one text, right here, without any server"),
    ):
        commands.add_row(f"{_program()} {arguments}", what)
    return commands


def _program() -> str:
    """Return what to type for `bellwether`: its path where no environment puts it on the PATH, as after `make demo`."""
    return "bellwether" if shutil.which("bellwether") else sys.argv[0]
