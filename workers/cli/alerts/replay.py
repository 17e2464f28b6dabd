"""`bellwether alerts replay`: what rules would have sent, over a file of counts or over stored history; nothing is sent or stored.

How what was found is told is left to `replay_view`.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workers.cli.common import Format, print_rows

Metric = Literal["share", "negatives", "volume"]
Counts = Annotated[Path | None, typer.Option(help="Judge this file of counts instead of stored history.", exists=True, dir_okay=False)]
Rules = Annotated[
    Path | None,
    typer.Option(help="Judge by the rules of this TOML file (alerts.rules.NAME) instead of those in force.", exists=True, dir_okay=False),
]


def replay(
    *,
    since: Annotated[str | None, typer.Option(help="From when on: 30d or 12h before history ends, or a date (event time). [30d]")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    rules: Rules = None,
    counts: Counts = None,
    metric: Annotated[Metric | None, typer.Option(help="What to judge of the counts.")] = None,
    bucket: Annotated[str | None, typer.Option(help="How wide a bucket of the counts is, as 5m; told by the rows unless given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line.")] = False,
) -> None:
    """Show what rules would have sent, without sending: over stored history, or over counts in JSON lines (plain or gzipped).

    Counts are rows of at, series, n and n_negative, one a bucket and series, in any order; a missing bucket is empty.
    """
    from workers.errors import UsageError

    if counts is None and (metric or bucket):
        raise UsageError("--metric and --bucket are for --counts FILE; over stored history rules say what they judge")
    if counts is None:
        _over_history(since or "30d", source=source, rules=rules, as_json=as_json)
        return
    if since or source:
        raise UsageError("--since and --source are for stored history, not for --counts FILE: all of a file is judged")
    if metric is None:
        raise UsageError("--counts needs --metric share, negatives or volume")
    _over_counts(counts, metric=metric, bucket=bucket, rules=rules, as_json=as_json)


def _over_counts(counts: Path, *, metric: Metric, bucket: str | None, rules: Path | None, as_json: bool) -> None:
    from workers import spans
    from workers.settings import keep_to_one_thread

    keep_to_one_thread()
    from workers.cli.alerts import replay_view
    from workers.replay_counts import replay_counts
    from workers.rules_file import read_rules

    width = spans.duration(bucket) if bucket is not None else None
    found = replay_counts(counts, metric=metric, rules=read_rules(rules) if rules else None, bucket=width)
    if as_json:
        for one in found:
            typer.echo(replay_view.counted_line(one))
    elif found:
        print_rows([replay_view.counted_row(one) for one in found], columns=replay_view.COUNTED, form=Format.TABLE)
    else:
        typer.echo("no incidents", err=True)


def _over_history(since: str, *, source: str | None, rules: Path | None, as_json: bool) -> None:
    from workers.settings import keep_to_one_thread, settings

    keep_to_one_thread()
    from datetime import UTC, datetime

    from db.engine import transaction
    from workers import endpoints, spans
    from workers.cli.alerts import replay_view
    from workers.replay import replay
    from workers.rules import in_force
    from workers.rules_file import fit_buckets, read_rules

    file = read_rules(rules) if rules else None
    if file:
        fit_buckets(file, bucket=settings().rollups.bucket, whole=True)
    with transaction(endpoints.engine()) as session:
        chosen = file.rules if file else in_force(session)
        done = replay(session, chosen, since=spans.back_or_since(since), now=datetime.now(UTC), source=source)
    if as_json:
        for one in done.incidents:
            typer.echo(replay_view.line(one))
        return
    if done.incidents:
        print_rows([replay_view.row(one) for one in done.incidents], columns=replay_view.columns(done), form=Format.TABLE)
    typer.echo(replay_view.summary(done), err=True)
