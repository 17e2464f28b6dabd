"""`bellwether alerts replay`: what rules would have sent, over a file of counts or over stored history; nothing is sent or stored."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from workers.replay_counts import CountedIncident

Metric = Literal["share", "negatives", "volume"]
Counts = Annotated[Path | None, typer.Option(help="Judge this file of counts instead of stored history.", exists=True, dir_okay=False)]
Rules = Annotated[Path | None, typer.Option(help="Judge by the [alerts.rules.NAME] of this TOML file.", exists=True, dir_okay=False)]

_COLUMNS = ("series", "opened_at", "resolved_at", "peak_at", "metric", "observed", "expected", "p_value")


def replay(
    *,
    counts: Counts = None,
    metric: Annotated[Metric | None, typer.Option(help="What to judge of the counts.")] = None,
    bucket: Annotated[str | None, typer.Option(help="How wide a bucket of the counts is, as 5m; told by the rows unless given.")] = None,
    rules: Rules = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Show what rules would have sent, without sending: over stored history, or over counts in JSON lines (plain or gzipped).

    Counts are rows of at, series, n and n_negative, one a bucket and series, in any order; a missing bucket is empty.
    """
    from workers.errors import UsageError

    if counts is None:
        raise UsageError("give --counts FILE")
    if metric is None:
        raise UsageError("--counts needs --metric share, negatives or volume")
    _over_counts(counts, metric=metric, bucket=bucket, rules=rules, as_json=as_json)


def _over_counts(counts: Path, *, metric: Metric, bucket: str | None, rules: Path | None, as_json: bool) -> None:
    from workers import spans
    from workers.settings import keep_to_one_thread

    keep_to_one_thread()
    from workers.replay_counts import replay_counts
    from workers.rules_file import read_rules

    width = spans.duration(bucket) if bucket else None
    found = replay_counts(counts, metric=metric, rules=read_rules(rules) if rules else None, bucket=width)
    if as_json:
        for one in found:
            typer.echo(json.dumps(_told(one), ensure_ascii=False, allow_nan=False))
    elif found:
        print_rows([_drawn(one) for one in found], columns=_COLUMNS, form=Format.TABLE)
    else:
        typer.echo("no incidents", err=True)


def _told(one: "CountedIncident") -> dict[str, Any]:
    from dataclasses import asdict

    times = ("opened_at", "resolved_at", "peak_at")
    return {name: _iso(value) if name in times else value for name, value in asdict(one).items()}


def _drawn(one: "CountedIncident") -> dict[str, Any]:
    told = {name: getattr(one, name) for name in _COLUMNS}
    for name in ("opened_at", "resolved_at", "peak_at"):
        told[name] = f"{at:%Y-%m-%d %H:%M}" if (at := told[name]) else "lasts"
    return told


def _iso(at: Any) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
