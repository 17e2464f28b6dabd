"""`bellwether alerts silence`: keep notifications back for a while, see what does, end it; the matching is left to `workers.incidents`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from workers.cli.alerts.shared import AsJson, Who, login
from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from datetime import datetime

    from db.silences import SilenceView

Matched = Annotated[str | None, typer.Option(help="Incidents with this value; a * at the end stands for anything.")]

_COLUMNS = ("silence", "state", "matches", "starts_at", "ends_at", "ended_by", "author", "reason")
_SHOWN = ("silence", "state", "matches", "until", "author", "reason")


class _AddsByDefault(TyperGroup):
    """A group that takes options without a command for those of `add`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `add` before options that are not the group's own."""
        adds = args and args[0].startswith("-") and args[0] not in ctx.help_option_names
        return super().parse_args(ctx, ["add", *args] if adds else args)


app = typer.Typer(cls=_AddsByDefault, help="Keep notifications back for a while; see what does; end it.", no_args_is_help=True)


@app.command()
def add(
    *,
    reason: Annotated[str, typer.Option(help="Why nobody wants to hear of it.")],
    lasting: Annotated[str, typer.Option("--for", help="For how long: 90m, 12h, 7d.")] = "24h",
    start: Annotated[
        str | None, typer.Option("--from", help="From when: a date or time (UTC unless it says otherwise); now if left out.")
    ] = None,
    source: Matched = None,
    dimension: Annotated[str | None, typer.Option(help="source, topic or entity.")] = None,
    key: Annotated[str | None, typer.Option(help="A topic or entity, such as TICKER:AAPL, or TICKER:* for all of them.")] = None,
    rule: Matched = None,
    metric: Annotated[str | None, typer.Option(help="share, negatives, volume or silence.")] = None,
    severity: Annotated[str | None, typer.Option(help="warning or critical.")] = None,
    who: Who = None,
) -> None:
    """Keep notifications back about incidents all of whose parts match; they are still stored, and told if they outlast the silence."""
    from datetime import UTC, datetime

    from db.engine import transaction
    from workers import endpoints, incidents, spans

    asked = {"source": source, "dimension": dimension, "key": key, "rule": rule, "metric": metric, "severity": severity}
    matcher = {name: value for name, value in asked.items() if value is not None}
    now = datetime.now(UTC)
    starts_at = spans.moment(start) if start else now
    ends_at = spans.after(starts_at, lasting)
    with transaction(endpoints.engine()) as session:
        number = incidents.silence(
            session, matcher=matcher, starts_at=starts_at, ends_at=ends_at, author=login(who), reason=reason, now=now
        )
    typer.echo(f"silence {number} until {ends_at:%Y-%m-%d %H:%M} UTC")


@app.command("list")
def list_silences(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """List silences in force or to come, the newest first."""
    from datetime import UTC, datetime

    from db import silences
    from db.engine import transaction
    from workers import endpoints

    form, now = Format.JSON if as_json else form, datetime.now(UTC)
    with transaction(endpoints.engine()) as session:
        found = silences.list_silences(session, now=None if everything else now)
    if not found:
        typer.echo("no silences", err=True)
    if found or form is not Format.TABLE:
        print_rows([_row(one, now=now, form=form) for one in found], columns=_SHOWN if form is Format.TABLE else _COLUMNS, form=form)


@app.command()
def end(
    silence_id: Annotated[int, typer.Argument(help="The silence's number, as `list` prints it.", min=1, max=2**63 - 1)], *, who: Who = None
) -> None:
    """End a silence before its time; the next scan tells what it kept back and still fires."""
    from datetime import UTC, datetime

    from db.engine import transaction
    from workers import endpoints, incidents

    with transaction(endpoints.engine()) as session:
        incidents.unsilence(session, silence_id, who=login(who), now=datetime.now(UTC))
    typer.echo(f"silence {silence_id} ended")


def _row(one: "SilenceView", *, now: "datetime", form: Format) -> dict[str, Any]:
    ends_at = one.ended_at or one.ends_at
    matches = " ".join(f"{name}={value}" for name, value in sorted(one.matcher.items()))
    row: dict[str, Any] = {
        "silence": one.id,
        "state": one.state(now),
        "matches": matches if form is not Format.JSON else dict(one.matcher),
        "starts_at": one.starts_at,
        "ends_at": ends_at,
        "ended_by": one.ended_by,
        "author": one.author,
        "reason": one.reason,
    }
    return row | {"until": f"{ends_at:%Y-%m-%d %H:%M}"} if form is Format.TABLE else row
