"""What every command shares: how errors end, how rows are printed; kept light, since `--help` loads it."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NoReturn

import typer

from pipelines.errors import PipelineError
from workers.errors import BellwetherError, Exit


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def fail(message: str, *, code: Exit = Exit.FAILED) -> NoReturn:
    """Print `message` to standard error and end with `code`."""
    typer.secho(f"bellwether: {message}", fg=typer.colors.RED if sys.stderr.isatty() else None, err=True)
    raise typer.Exit(int(code))


@contextmanager
def told_errors() -> Iterator[None]:
    """End with a sentence and an exit code, rather than a traceback, on any error that Bellwether foresaw."""
    try:
        yield
    except BellwetherError as error:
        fail(str(error), code=error.exit_code)
    except PipelineError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
    except Exception as error:
        if _is_unreachable(error):
            fail(_unreachable(error), code=Exit.UNREACHABLE)
        if type(error).__name__ == "SettingsError":
            fail(str(error), code=Exit.USAGE)
        raise


def _is_unreachable(error: Exception) -> bool:
    names = {f"{cls.__module__.split('.')[0]}.{cls.__name__}" for cls in type(error).__mro__}
    return bool(names & {"sqlalchemy.OperationalError", "redis.ConnectionError", "redis.TimeoutError", "kombu.OperationalError"})


def _unreachable(error: Exception) -> str:
    first = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"the broker or the database does not answer ({first}); `bellwether doctor` says which"


def print_rows(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str], form: Format, title: str | None = None) -> None:
    """Print `rows` as a table, CSV or a JSON list; times as ISO 8601."""
    if form is Format.JSON:
        typer.echo(json.dumps([dict(row) for row in rows], default=str, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(columns), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    else:
        print_table(rows, columns=columns, title=title)


def print_table(rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str], title: str | None = None) -> None:
    """Print `rows` as a table, numbers to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for column in columns:
        number = any(isinstance(row.get(column), int | float) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console().print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
