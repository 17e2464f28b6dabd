"""Every command with its arguments and options, from the Typer apps."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from pages.markdown import table


def commands_page() -> str:
    """Return every command with its arguments and options."""
    from workers.cli import COMMANDS, load

    parts = ["# Commands", "`bellwether COMMAND --help` prints the same. Exit codes stand in [errors.md](errors.md#exit-codes)."]
    parts.append(table(["command", "what it does"], [(f"[`{name}`](#bellwether-{name})", line) for name, (_, line) in COMMANDS.items()]))
    for name in COMMANDS:
        parts += _command(f"bellwether {name}", load(name), level=2)
    return "\n\n".join(parts)


def _command(path: str, command: Any, *, level: int) -> Iterator[str]:
    subcommands = getattr(command, "commands", {})
    yield f"{'#' * level} `{path}`"
    yield _flowing(command.help or command.callback.__doc__ or "")
    if not subcommands or command.invoke_without_command:
        yield f"```text\n{_usage(path, command)}\n```"
    if command.params:
        yield table(["option", "value", "default", "meaning"], [_parameter(one) for one in command.params if not one.hidden])
    for name, one in subcommands.items():
        yield from _command(f"{path} {name}", one, level=level + 1)


def _usage(path: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    needed = [f"{one.opts[0]} {_value(one).upper()}" for one in command.params if one.required and one not in arguments]
    has_more = any(one not in arguments and not one.required for one in command.params)
    return " ".join([path, *needed, *map(_argument, arguments), *(["[OPTIONS]"] if has_more else [])])


def _flowing(text: str) -> str:
    """Return a docstring's paragraphs, each on one line."""
    return "\n\n".join(" ".join(one.split()) for one in text.replace("\f", "\n\n").split("\n\n"))


def _argument(one: Any) -> str:
    name = (one.metavar or one.name).strip("[]<>").upper()
    return f"{name if one.required else f'[{name}]'}{'...' if one.nargs != 1 else ''}"


def _parameter(one: Any) -> list[str]:
    names = _argument(one) if one.param_type_name == "argument" else ", ".join([*one.opts, *one.secondary_opts])
    return [f"`{names}`", "" if getattr(one, "is_flag", False) else _value(one), _option_default(one), one.help or ""]


def _value(one: Any) -> str:
    names = {
        "str": "text",
        "int": "number",
        "int range": "number",
        "float": "number",
        "float range": "number",
        "dir": "folder",
        "uuid": "id",
    }
    shown = one.display_type(None).strip("<>").removeprefix("list[").removesuffix("]")
    return names.get(shown.lower(), shown.lower() if "|" not in shown else ", ".join(f"`{part}`" for part in shown.split("|")))


def _option_default(one: Any) -> str:
    if isinstance(one.show_default, str):
        return one.show_default
    default = one.default.value if isinstance(one.default, Enum) else one.default
    if one.required:
        return "required"
    return "" if callable(default) or default in (None, "", False, [], ()) else f"`{default}`"
