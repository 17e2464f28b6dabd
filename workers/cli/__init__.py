"""The command `bellwether`: a registry of its commands, each loaded only when it runs; what they do stands in their own files."""

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

COMMANDS = {
    "demo": ("workers.cli.demo", "Run the main job on embedded servers and real sample text, then stop."),
    "up": ("workers.cli.up", "Keep the whole stack running on this machine until Ctrl-C."),
    "doctor": ("workers.cli.doctor", "Check broker, database, model, device, clock and disk; say how to mend each."),
    "analyze": ("workers.cli.analyze", "Analyse a text right here, without any server."),
    "explain": ("workers.cli.explain", "Show which words moved the sentiment of a text, and what matched its topic."),
    "enqueue": ("workers.cli.enqueue", "Send the records of a file for analysis."),
    "jobs": ("workers.cli.jobs", "See what was submitted and how far it is."),
    "report": ("workers.cli.report", "Ask for sentiment, topics, entities or volume."),
    "alerts": ("workers.cli.alerts", "See, acknowledge, resolve and silence incidents; try rules on the past."),
    "quarantine": ("workers.cli.quarantine", "See, export and release what could not be read or analysed."),
    "topics": ("workers.cli.topics", "See, draft, check and measure taxonomies."),
    "labels": ("workers.cli.labels", "Send records to Label Studio, and bring people's labels back."),
    "models": ("workers.cli.models", "See the catalogue's models; make smaller ones, remove your own."),
    "train": ("workers.cli.train:train_app", "Train the model's heads on labelled data."),
    "evaluate": ("workers.cli.evaluate", "Measure models on labelled data; compare them; write a report."),
    "robustness": ("workers.cli.robustness", "Measure what a model loses when texts are written otherwise."),
    "fairness": ("workers.cli.fairness", "Compare how a model judges the same text about other people."),
    "db": ("workers.cli.db", "Migrate the database; erase a person or a record."),
    "keys": ("workers.cli.keys", "Make and revoke API keys."),
    "api": ("workers.cli.api", "Serve HTTP."),
    "worker": ("workers.cli.worker", "Run workers, one a device."),
    "beat": ("workers.cli.beat", "Run the scheduler; exactly one."),
    "flower": ("workers.cli.flower", "Serve the page that shows workers, queues and tasks."),
}
"""Name -> module (its `app` unless another name follows a colon) and the line that `--help` shows."""


class LazyGroup(TyperGroup):
    """A group that imports a command's module only when that command runs."""

    def __init__(self, **attributes: Any) -> None:
        """List every command of the registry by its line of help."""
        super().__init__(**attributes | {"commands": {name: TyperCommand(name, help=line) for name, (_, line) in COMMANDS.items()}})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the real command that `args` name."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(name), rest


def load(name: str | None) -> Any:
    """Import the command `name` and return it, with its line of help."""
    path, line = COMMANDS[name or ""]
    module, _, attribute = path.partition(":")
    command = get_command(getattr(importlib.import_module(module), attribute or "app"))
    command.name, command.help = name, command.help or line
    command.params = [one for one in command.params if one.name not in {"install_completion", "show_completion"}]
    return command


app = typer.Typer(
    cls=LazyGroup,
    help="Streaming batch-processing workers for enterprise text.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    """Streaming batch-processing workers for enterprise text."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"bellwether {installed('bellwether')}")
        raise typer.Exit


def main() -> None:
    """Run `bellwether`; any foreseen error ends in one sentence and its exit code."""
    from workers.cli.common import told_errors

    try:
        with told_errors():
            app()
    except typer.Exit as ended:  # told outside the app, which would have turned it into the process's own
        raise SystemExit(ended.exit_code) from None
