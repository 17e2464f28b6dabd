"""`bellwether report`: sentiment, topics, entities and volume, as the documented views tell them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from db.reports import Row

app = typer.Typer(help="Ask for sentiment, topics, entities or volume.", no_args_is_help=True)

Since = Annotated[str | None, typer.Option("--since", help="Only what was published since: 7d, 12h, or a date.")]
Source = Annotated[str | None, typer.Option("--source", help="Only this source.")]
Form = Annotated[Format, typer.Option("--format", help="How to print it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; the same as --format json.")]
Limit = Annotated[int, typer.Option("--limit", help="How many rows.", min=1, max=100_000)]

_COUNTS = ("n_records", "n_negative", "n_neutral", "n_positive", "negative_share")
_TOWARDS = ("n_negative_towards", "n_neutral_towards", "n_positive_towards")
_SHARES = ("n_records", "negative", "neutral", "positive")
_SHARES_TOWARDS = ("negative_towards", "positive_towards")


@app.command()
def sentiment(*, since: Since = None, source: Source = None, form: Form = Format.TABLE, as_json: AsJson = False) -> None:
    """Show how many records of each source were negative, neutral and positive."""
    _print("sentiment", ("source", *_COUNTS), since=since, source=source, form=Format.JSON if as_json else form)


@app.command()
def topics(*, since: Since = None, source: Source = None, limit: Limit = 20, form: Form = Format.TABLE, as_json: AsJson = False) -> None:
    """Show the topics with the most records."""
    _print("topics", ("source", "topic", *_COUNTS), since=since, source=source, limit=limit, form=Format.JSON if as_json else form)


@app.command()
def entities(*, since: Since = None, source: Source = None, limit: Limit = 20, form: Form = Format.TABLE, as_json: AsJson = False) -> None:
    """Show the people, organisations, places and tickers that the most records mention, and how these speak of them."""
    columns = ("source", "entity_group", "entity", *_COUNTS, *_TOWARDS)
    _print("entities", columns, since=since, source=source, limit=limit, form=Format.JSON if as_json else form)


@app.command()
def volume(*, since: Since = None, source: Source = None, form: Form = Format.TABLE, as_json: AsJson = False) -> None:
    """Show records a day."""
    _print("volume", ("source", "day_at", *_COUNTS), since=since, source=source, form=Format.JSON if as_json else form)


def _print(name: str, columns: Sequence[str], *, since: str | None, source: str | None, form: Format, **asked: Any) -> None:
    from datetime import UTC

    from db import reports
    from db.engine import transaction
    from workers import endpoints, spans

    after = spans.since(since, now=datetime.now(UTC)) if since else None
    answer: Callable[..., list[Row]] = getattr(reports, name)
    with transaction(endpoints.engine()) as session:
        rows = answer(session, since=after, source=source, **asked)
        newest = None if rows else reports.newest_at(session, source=source)
        lags = reports.lags(session)
    if lags:
        typer.echo(_lagging(), err=True)
    elif not rows:
        typer.echo(_nothing(after, source=source, newest=newest), err=True)
    if rows or form is not Format.TABLE:
        is_table = form is Format.TABLE
        shown = [*(name for name in columns if name not in _COUNTS + _TOWARDS), *_shares_of(rows)] if is_table else columns
        print_rows([_shares(row) if is_table else _told(row) for row in rows], columns=shown, form=form)


def _shares_of(rows: Sequence["Row"]) -> tuple[str, ...]:
    """Choose a table's figures: how texts speak of an entity only where a model said so."""
    return (*_SHARES, *_SHARES_TOWARDS) if any(_judged(row) for row in rows) else _SHARES


def _judged(row: "Row") -> int:
    return sum(row.get(name, 0) for name in _TOWARDS)


def _shares(row: "Row") -> dict[str, Any]:
    """Return what fits on a terminal's line: shares, of all records and of those that speak of the entity."""
    n_records, n_judged = row["n_records"] or 1, _judged(row)
    shares = {name.removeprefix("n_"): f"{row[name] / n_records:.0%}" for name in _COUNTS[1:4]}
    towards = {name.removeprefix("n_"): f"{row[name] / n_judged:.0%}" for name in _TOWARDS if n_judged}
    return _told(row) | shares | towards


def _told(row: "Row") -> dict[str, Any]:
    return {name: f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value for name, value in row.items()}


def _lagging() -> str:
    from workers.settings import settings

    wait_s = settings().rollups.refresh_every.total_seconds()
    return f"some records are analysed, but not counted here yet: ask again in {wait_s:.0f} s"


def _nothing(after: datetime | None, *, source: str | None, newest: datetime | None) -> str:
    """Say why there is nothing, and what to do next."""
    of = f" of source {source}" if source else ""
    if newest is None:
        return f"nothing analysed{of} yet: `bellwether enqueue FILE` sends records, `bellwether jobs list` shows how far they are"
    if after and newest < after:
        return f"nothing{of} since {after:%Y-%m-%d %H:%M} UTC; the newest is of {newest:%Y-%m-%d %H:%M}: try --since {newest:%Y-%m-%d}"
    return f"nothing{of} to show here yet"
