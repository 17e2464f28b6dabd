"""`bellwether alerts`: see, acknowledge, resolve and silence incidents."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.cli.common import Format, print_rows

if TYPE_CHECKING:
    from db.incidents import IncidentView

app = typer.Typer(help="See, acknowledge, resolve and silence incidents.", no_args_is_help=True)

IncidentId = Annotated[int, typer.Argument(help="The incident's number, as `alerts list` prints it.")]
Who = Annotated[str | None, typer.Option("--by", help="Who does it; your login name unless given.")]
Why = Annotated[str, typer.Option("--why", help="Why; kept in the incident's history.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

State = Literal["firing", "acknowledged", "resolved"]

_COLUMNS = ("incident", "state", "source", "series", "opened_at", "observed", "expected", "p_value", "rule")
_SHOWN = ("incident", "state", "source", "series", "opened_at", "negatives")


@app.command("list")
def list_incidents(
    *,
    state: Annotated[State | None, typer.Option(help="Only those that stand so.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    since: Annotated[str | None, typer.Option(help="Only what opened since: 7d, 12h, or a date (event time).")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)] = 50,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE,
    as_json: AsJson = False,
) -> None:
    """List incidents, the newest first."""
    from datetime import UTC, datetime

    from db import incidents
    from db.engine import transaction
    from workers import endpoints, spans

    form = Format.JSON if as_json else form
    after = spans.since(since, now=datetime.now(UTC)) if since else None
    with transaction(endpoints.engine()) as session:
        found = incidents.list_incidents(session, state=state, source=source, since=after, limit=limit)
    if not found:
        typer.echo("no incidents; `bellwether report sentiment` shows what was read", err=True)
    if found or form is not Format.TABLE:
        print_rows([_row(one, form=form) for one in found], columns=_SHOWN if form is Format.TABLE else _COLUMNS, form=form)


@app.command()
def show(incident_id: IncidentId, *, as_json: AsJson = False) -> None:
    """Show one incident with its evidence and history."""
    from dataclasses import asdict

    from db import incidents
    from db.engine import transaction
    from workers import endpoints
    from workers.cli.incident_view import print_incident

    with transaction(endpoints.engine()) as session:
        one = incidents.read_incident(session, incident_id)
        events = incidents.read_events(session, incident_id)
    found = _found(one, incident_id)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"events": [asdict(event) for event in events]}, default=str, ensure_ascii=False, indent=2))
    else:
        print_incident(found, events=events)


@app.command()
def ack(incident_id: IncidentId, *, why: Why = "", who: Who = None) -> None:
    """Take an incident on; it stays open until the scan resolves it."""
    from db import incidents

    _change(incidents.acknowledge, incident_id, who=who, why=why, done="acknowledged")


@app.command()
def resolve(incident_id: IncidentId, *, why: Why = "", who: Who = None) -> None:
    """End an incident by hand; a series that stays high opens another, so silence it too if you must."""
    from db import incidents

    _change(incidents.resolve, incident_id, who=who, why=why, done="resolved")


@app.command()
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
        number = incidents.add_silence(session, matcher=matcher, starts_at=now, ends_at=until, author=_login(who), reason=reason)
    typer.echo(f"silence {number} until {until:%Y-%m-%d %H:%M} UTC")


def _row(one: "IncidentView", *, form: Format) -> dict[str, Any]:
    from dataclasses import asdict

    from workers.evidence import label

    told = asdict(one) | {"incident": one.id, "series": label(one.dimension, one.key) or "(all)"}
    if form is Format.TABLE:
        moved = (f"{one.expected:.0%}", f"{one.observed:.0%}") if one.metric == "share" else (f"{one.expected:.1f}", f"{one.observed:.0f}")
        told |= {"opened_at": f"{one.opened_at:%Y-%m-%d %H:%M}", "negatives": " -> ".join(moved)}
    return told


def _change(change: Callable[..., bool], incident_id: int, *, who: str | None, why: str, done: str) -> None:
    from db import incidents
    from db.engine import transaction
    from workers import endpoints
    from workers.errors import Conflict

    with transaction(endpoints.engine()) as session:
        changed = change(session, incident_id, who=_login(who), why=why)
        found = _found(incidents.read_incident(session, incident_id), incident_id)
    if not changed:
        raise Conflict(f"incident {incident_id} is {found.state}: there is nothing to change")
    typer.echo(f"incident {incident_id} {done}")


def _found(one: "IncidentView | None", incident_id: int) -> "IncidentView":
    from workers.errors import NotFound

    if one is None:
        raise NotFound(f"there is no incident {incident_id}; `bellwether alerts list` shows those there are")
    return one


def _login(who: str | None) -> str:
    from workers.cli.who import who as login

    return who or login()
