"""`bellwether alerts rules`: the rules in force, their versions, and whether they make sense on the history there is.

What is in force is left to `workers.rules`, the checking to `workers.rules_check`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.cli.alerts.shared import AsJson, Who, login
from workers.cli.common import Format, fail, print_rows

if TYPE_CHECKING:
    from workers.alert_settings import Rule
    from workers.rules import Named
    from workers.rules_check import Checked

app = typer.Typer(help="See, check, add and remove the rules that say what is worth an incident.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="A TOML file with [alerts.rules.NAME] tables.", exists=True, dir_okay=False)]

_SHOWN = ("rule", "metric", "window", "baseline", "dimensions", "origin", "hash")
_CHECKED = ("rule", "verdict", "turns", "series_days", "per_1000")


@app.command("list")
def list_rules(
    *, form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TABLE, as_json: AsJson = False
) -> None:
    """List the rules in force: those of the settings, and those that people added."""
    from db.engine import transaction
    from workers import endpoints, rules

    form = Format.JSON if as_json else form
    with transaction(endpoints.engine()) as session:
        found = rules.list_in_force(session)
    print_rows([_row(one, form=form) for one in found], columns=_SHOWN, form=form)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME|HASH", help="A rule by its name, or any version by the hash that incidents keep.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a rule as TOML, ready to be changed and checked; any version that ever judged, by its hash."""
    from db.engine import transaction
    from workers import endpoints, rules

    with transaction(endpoints.engine()) as session:
        found = rules.find(session, name)
    if as_json:
        told = {"rule": found.name, "origin": found.origin, "hash": found.hash, "settings": found.rule.model_dump(mode="json")}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        typer.echo(_toml(found))


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A TOML file with [alerts.rules.NAME] tables; the rules in force unless given.", exists=True, dir_okay=False),
    ] = None,
    *,
    since: Annotated[str, typer.Option(help="Against this much of each source's history, or since a date (event time).")] = "30d",
    source: Annotated[str | None, typer.Option(help="Only against this source.")] = None,
    as_json: AsJson = False,
) -> None:
    """Refuse rules that could not have fired, or would always have fired, on the history there is; ends with 1 if there is one."""
    from workers.settings import keep_to_one_thread

    keep_to_one_thread()
    from db.engine import transaction
    from workers import endpoints, rules

    given = _read(file) if file else None
    with transaction(endpoints.engine()) as session:
        checked = _checked(session, given or rules.in_force(session), since=since, source=source)
    rows = [_told(one) for one in checked]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        print_rows(rows, columns=_CHECKED, form=Format.TABLE)
    _refuse(checked)


@app.command()
def add(
    file: File,
    *,
    force: Annotated[bool, typer.Option("--force", help="Add even what could not have fired, or would always have fired.")] = False,
    who: Who = None,
) -> None:
    """Put the rules of a file in force beside those of the settings, once they pass the check; the next scan judges by them."""
    from workers.settings import keep_to_one_thread

    keep_to_one_thread()
    from db.engine import transaction
    from workers import endpoints, rules

    given = _read(file)
    with transaction(endpoints.engine()) as session:
        if not force:
            _refuse(_checked(session, given, since="30d", source=None))
        changed = {name: rules.add(session, name, rule=rule, origin="cli", who=login(who)) for name, rule in given.items()}
    for name, is_new in changed.items():
        typer.echo(f"rule {name} is in force" if is_new else f"rule {name} was in force just so")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="A rule that was added, as `rules list` shows it.")], *, who: Who = None) -> None:
    """Take a rule out of force; its open incidents end with the next scan, and its versions stay readable."""
    from db.engine import transaction
    from workers import endpoints, rules

    with transaction(endpoints.engine()) as session:
        rules.remove(session, name, who=login(who))
    typer.echo(f"rule {name} is out of force")


def _read(file: Path) -> "dict[str, Rule]":
    """Return the rules of a file, in whole buckets of the settings."""
    from workers.rules_file import fit_buckets, read_rules
    from workers.settings import settings

    read = read_rules(file)
    fit_buckets(read, bucket=settings().rollups.bucket, whole=True)
    return read.rules


def _checked(session: Any, given: "dict[str, Rule]", *, since: str, source: str | None) -> "list[Checked]":
    from datetime import UTC, datetime

    from workers import spans
    from workers.rules_check import check_rules

    return check_rules(session, given, now=datetime.now(UTC), since=spans.back_or_since(since), source=source)


def _refuse(checked: "list[Checked]") -> None:
    """End with 1 and say why if a rule makes no sense."""
    if refused := [f"rule {one.name} {one.verdict}: {one.why}" for one in checked if one.refused]:
        fail("\n".join(refused))


def _row(one: "Named", *, form: Format) -> dict[str, Any]:
    fields = one.rule.model_dump(mode="json")
    row = {"rule": one.name, "origin": one.origin, "hash": one.hash, **fields}
    return row if form is Format.JSON else row | {"dimensions": ", ".join(fields["dimensions"])}


def _told(one: "Checked") -> dict[str, Any]:
    return {
        "rule": one.name,
        "verdict": one.verdict,
        "turns": one.n_turns,
        "series_days": round(one.series_days, 1),
        "per_1000": round(one.n_turns / one.series_days * 1000, 2) if one.series_days else None,
        "why": one.why,
    }


def _toml(one: "Named") -> str:
    """Write a rule as the settings do; JSON writes texts, numbers and lists as TOML does."""
    name = one.name if one.name.replace("-", "").replace("_", "").isalnum() else json.dumps(one.name)
    lines = [f"{field} = {json.dumps(value, ensure_ascii=False)}" for field, value in one.rule.model_dump(mode="json").items()]
    return "\n".join([f"# {one.origin}, hash {one.hash}", f"[alerts.rules.{name}]", *lines])
