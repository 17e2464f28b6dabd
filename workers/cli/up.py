"""`bellwether up`: the whole stack on this machine until Ctrl-C; starting and stopping are left to `workers.stack`."""

import signal

import typer

app = typer.Typer()


@app.command()
def up() -> None:
    """Keep the whole stack running on this machine until Ctrl-C; its files stay in BELLWETHER_HOME and survive a restart."""
    from rich.console import Console

    from workers.children import signal_inbox
    from workers.stack import StopAsked, running_stack

    console = Console()
    with (
        signal_inbox(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD) as inbox,
        console.status("Starting") as status,
    ):
        try:
            with running_stack(inbox, say=status.update) as stack:
                status.stop()
                console.print(_where(stack.api_url, stack.flower_url, str(stack.logs)))
                while not any(number != signal.SIGCHLD for number in inbox.wait(1.0)):
                    for sentence in stack.tend():
                        console.print(f"[yellow]{sentence}[/]")
                status.start()
        except StopAsked:
            return


def _where(api_url: str, flower_url: str, logs: str) -> str:
    return f"""[bold]Bellwether is up.[/]
  API     {api_url}  (try {api_url}/docs)
  Flower  {flower_url}
  Logs    {logs}
In another terminal: [bold]bellwether enqueue FILE --source NAME --wait[/], [bold]bellwether report sentiment[/], [bold]bellwether doctor[/]
Ctrl-C stops everything."""
