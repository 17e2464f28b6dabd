"""`bellwether alerts test-notifier`: tell a notifier of nothing, to see whether it arrives; how it is told is left to `workers.telling`."""

import json
from typing import Annotated

import typer

from workers.cli.alerts.shared import AsJson


def try_notifier(
    *,
    name: Annotated[str, typer.Argument(help="The notifier's name in the settings: alerts.notifiers.NAME.")],
    as_json: AsJson = False,
) -> None:
    """Send a notifier a test message; ends with 1 if it was not accepted."""
    from time import perf_counter

    from workers.errors import NotFound
    from workers.settings import settings
    from workers.telling import send_test

    chosen = settings().alerts.notifiers
    if name not in chosen:
        raise NotFound(f"the settings name no notifier {name!r}; they name {', '.join(sorted(chosen)) or 'none'}")
    started = perf_counter()
    delivery, error = send_test(name, chosen=chosen[name])
    took_s = round(perf_counter() - started, 3)
    if as_json:
        told = {
            "notifier": name,
            "kind": chosen[name].kind,
            "accepted": error is None,
            "delivery": delivery,
            "seconds": took_s,
            "error": error,
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
    elif error is None:
        typer.echo(f"{name} ({chosen[name].kind}) accepted {delivery} in {took_s:.2f} s")
    else:
        typer.echo(f"bellwether: {name} ({chosen[name].kind}) was not told: {error}", err=True)
    raise typer.Exit(int(error is not None))
