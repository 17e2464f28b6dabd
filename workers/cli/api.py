"""`bellwether api`: serve HTTP; the routes stand in `workers.api`, the address in the settings, which also decide on keys."""

import typer

app = typer.Typer()

_CLOSE_S = 5  # a stop does not wait longer for clients that keep their connection


@app.command()
def api() -> None:
    """Serve HTTP on api.host and api.port (BELLWETHER_API__HOST, BELLWETHER_API__PORT)."""
    import uvicorn

    from workers.logs import configure_logs
    from workers.settings import settings

    configure_logs("api")
    chosen = settings().api
    uvicorn.run("workers.api:app", host=chosen.host, port=chosen.port, log_config=None, access_log=False, timeout_graceful_shutdown=_CLOSE_S)
