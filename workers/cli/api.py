"""`bellwether api`: serve HTTP, or write its OpenAPI document."""

import json
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.common import fail

app = typer.Typer(help="Serve HTTP.")


@app.callback(invoke_without_command=True)
def serve(
    ctx: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Where to listen; other than loopback, callers need a key.")] = None,
    port: Annotated[int | None, typer.Option(help="The port.", min=0, max=65_535)] = None,
    workers: Annotated[int, typer.Option(help="How many processes answer.", min=1)] = 1,
) -> None:
    """Serve HTTP until Ctrl-C; off loopback, callers need a key (`bellwether keys create NAME`)."""
    if ctx.invoked_subcommand:
        return
    import uvicorn

    from workers.logs import configure_logs
    from workers.settings import settings

    chosen = settings().api
    where = (host or chosen.host, chosen.port if port is None else port)
    configure_logs("api")
    try:
        uvicorn.run(
            "workers.api:app",
            host=where[0],
            port=where[1],
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    except SystemExit as ended:
        # Its code would say "some quarantined" here.
        if ended.code:
            fail(f"The API did not start on {where[0]}:{where[1]}; the log says why. If the port is taken, choose another by --port.")


@app.command()
def openapi(*, output: Annotated[Path | None, typer.Option(help="Write it here, as docs/openapi.json is written.")] = None) -> None:
    """Print the API's OpenAPI document."""
    from workers.api import app as api

    document = json.dumps(api.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if output is None:
        typer.echo(document, nl=False)
    else:
        output.write_text(document, encoding="utf-8")
