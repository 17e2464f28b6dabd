"""`bellwether api`: serve HTTP, or write its OpenAPI document."""

import json
from pathlib import Path
from typing import Annotated

import typer

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
    configure_logs("api")
    uvicorn.run(
        "workers.api:app",
        host=host or chosen.host,
        port=chosen.port if port is None else port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


@app.command()
def openapi(*, output: Annotated[Path | None, typer.Option(help="Write it here, as docs/openapi.json is written.")] = None) -> None:
    """Print the API's OpenAPI document."""
    from workers.api import app as api

    document = json.dumps(api.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if output is None:
        typer.echo(document, nl=False)
    else:
        output.write_text(document, encoding="utf-8")
