"""What every command shares: how errors end, how rows are printed; kept light, since `--help` loads it."""

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import typer

from pipelines.errors import PipelineError
from workers.errors import BellwetherError, Exit

if TYPE_CHECKING:
    from rich.console import Console

_NARROW = 12
"""As narrow as a folded column may get, while another can be folded too."""
_UNBOUNDED = 100_000
_FIGURE = re.compile(r"[+-]?[\d,.]+(e[+-]?\d+)?%?")
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160)), "\ufffd")
"""Control characters could move the cursor or worse."""


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
    """Print `rows` as a table, numbers to the right; off a terminal no cell is folded, so that a line is a row."""
    from rich.table import Table
    from rich.text import Text

    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    console = wide_console()
    folded = _folded(cells, columns=columns, width=console.width)
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        texts = [row[number] for row in cells]
        justify: Literal["right", "left"] = "right" if any(map(_FIGURE.fullmatch, texts)) else "left"
        table.add_column(_header(column, texts), justify=justify, overflow="fold", no_wrap=number not in folded)
    for texts in cells:
        # Not markup: what people wrote may hold brackets, and control characters that move the cursor.
        table.add_row(*(Text(text.translate(_UNSEEN)) for text in texts))
    console.print(table)


def wide_console() -> "Console":
    """Return what prints tables: as wide as the terminal, and off a terminal as wide as they are."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=_UNBOUNDED)


def _folded(cells: Sequence[Sequence[str]], *, columns: Sequence[str], width: int) -> set[int]:
    """Return which columns to fold so that all fit into `width`: as few as will do, the widest first."""
    turned = [[row[number] for row in cells] for number in range(len(columns))]
    headed = [(*_header(column, texts).split("\n"), *texts) for column, texts in zip(columns, turned, strict=True)]
    widths = [max(map(len, texts)) for texts in headed]
    folded: set[int] = set()
    for number in sorted(range(len(widths)), key=widths.__getitem__, reverse=True):
        if sum(min(_NARROW, wide) if one in folded else wide for one, wide in enumerate(widths)) + 2 * (len(widths) - 1) <= width:
            break
        folded.add(number)
    return folded


def _header(column: str, texts: Sequence[str]) -> str:
    words = column.removeprefix("n_").split("_")
    return " ".join(words) if len(" ".join(words)) <= max(map(len, texts), default=0) else "\n".join(words)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
