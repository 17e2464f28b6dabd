"""`bellwether alerts silence`: keep notifications back for a while; which incidents a silence matches is left to `db.incidents`."""

from typing import Annotated

import typer

from workers.cli.alerts.shared import Who, login


def silence(
    *,
    reason: Annotated[str, typer.Option(help="Why nobody wants to hear of it.")],
    lasting: Annotated[str, typer.Option("--for", help="For how long: 90m, 12h, 7d.")] = "24h",
    source: Annotated[str | None, typer.Option(help="Series of this source.")] = None,
    key: Annotated[str | None, typer.Option(help="Series of this topic or entity, such as TICKER:AAPL.")] = None,
    rule: Annotated[str | None, typer.Option(help="Incidents of this rule.")] = None,
    who: Who = None,
) -> None:
    """Keep notifications about matching series back for a while; incidents are still stored."""
    from datetime import UTC, datetime

    from db import incidents
    from db.engine import transaction
    from workers import endpoints, spans
    from workers.errors import UsageError

    matcher = {name: value for name, value in (("source", source), ("key", key), ("rule", rule)) if value is not None}
    if not matcher:
        raise UsageError("a silence needs at least one of --source, --key and --rule")
    now = datetime.now(UTC)
    until = now + spans.duration(lasting)
    with transaction(endpoints.engine()) as session:
        number = incidents.add_silence(session, matcher=matcher, starts_at=now, ends_at=until, author=login(who), reason=reason)
    typer.echo(f"silence {number} until {until:%Y-%m-%d %H:%M} UTC")
