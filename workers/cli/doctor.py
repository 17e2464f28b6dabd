"""`bellwether doctor`: each check with its status, fact and fix; what is checked stands in `workers.doctor`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import wide_console
from workers.errors import Exit

if TYPE_CHECKING:
    from workers.health import Check

app = typer.Typer()

_MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}


@app.command()
def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False) -> None:
    """Check broker, database, workers, model, device, clock and disk; exit code 1 if any fails."""
    from workers.doctor import examine
    from workers.health import is_ready

    checks = examine()
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _print(checks)
    if not is_ready(checks):
        raise typer.Exit(Exit.FAILED)


def _print(checks: "list[Check]") -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("check", "status", "fact"):
        table.add_column(column, overflow="fold")
    for check in checks:
        fact = escape(check.fact) + (f"\n[bold]-> {escape(check.fix)}[/]" if check.fix else "")
        table.add_row(check.name, _MARKS[check.status], fact)
    wide_console().print(table)
