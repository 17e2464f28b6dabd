"""What the commands of `bellwether alerts` share: their options, and how an incident or a person is named."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from db.incidents import IncidentView

IncidentId = Annotated[int, typer.Argument(help="The incident's number, as `alerts list` prints it.", min=1, max=2**63 - 1)]
Who = Annotated[str | None, typer.Option("--by", help="Who does it; your login name unless given.")]
Why = Annotated[str, typer.Option("--why", help="Why; kept in the incident's history.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def found(one: "IncidentView | None", incident_id: int) -> "IncidentView":
    """Return the incident that was read; raise NotFound if there is none."""
    from workers.errors import NotFound

    if one is None:
        raise NotFound(f"there is no incident {incident_id}; `bellwether alerts list` shows those there are")
    return one


def login(who: str | None) -> str:
    """Return who does it: `who`, or the name logged in with."""
    from workers.cli.who import who as logged_in

    return who or logged_in()
