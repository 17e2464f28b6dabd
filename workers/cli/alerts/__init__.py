"""`bellwether alerts`: one small file a group of commands, registered here; what they do stands in their own files."""

import typer

from workers.cli.alerts import change, listing, notifiers, replay, rules, show, silence

app = typer.Typer(help="See, acknowledge, resolve and silence incidents; try rules on the past.", no_args_is_help=True)

app.command("list")(listing.list_incidents)
app.command("show")(show.show)
app.command("ack")(change.ack)
app.command("resolve")(change.resolve)
app.add_typer(silence.app, name="silence")
app.command("replay")(replay.replay)
app.command("test-notifier")(notifiers.try_notifier)
app.add_typer(rules.app, name="rules")
