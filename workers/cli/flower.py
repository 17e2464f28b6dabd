"""`bellwether flower`: the page that shows workers, queues and tasks; Flower itself does the rest."""

import os
from ipaddress import ip_address
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def flower(
    host: Annotated[
        str | None, typer.Option(help="Where to listen; other than loopback only with a user and password.", show_default="flower.host")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.", show_default="flower.port")] = None,
) -> None:
    """Serve Flower. It can stop workers and purge queues, and its /metrics asks for no password: keep it off open networks."""
    from workers.app import app as celery
    from workers.errors import UsageError
    from workers.settings import settings

    chosen = settings().flower
    where = host or chosen.host
    protected = bool(chosen.user and chosen.password)
    if not protected and not is_loopback(where):
        raise UsageError(
            f"Flower on {where} needs BELLWETHER_FLOWER__USER and BELLWETHER_FLOWER__PASSWORD: it can stop workers and purge queues."
        )
    if "," in f"{chosen.user}{chosen.password.get_secret_value() if chosen.password else ''}":
        raise UsageError("Flower reads a comma as the end of a password: choose a user and a password without one.")
    # No configuration file of this folder, and no state kept: Flower's is a pickle.
    options = [f"--address={where}", f"--port={port or chosen.port}", f"--conf={os.devnull}", "--persistent=False"]
    if chosen.user and chosen.password:
        options.append(f"--basic_auth={chosen.user}:{chosen.password.get_secret_value()}")
    celery.start(["flower", *options])


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
