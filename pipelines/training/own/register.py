"""Enter a model into the user's own catalogue file, as text, so that comments and order stay; reading it is left to `pipelines.catalog`."""

import os
import re
import tomllib
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError
from pipelines.model import revision_of
from pipelines.network import CONFIG
from pipelines.weights import WEIGHTS

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class BadCatalog(PipelineError):
    """The model can't be entered into the catalogue; the message says what to do by hand."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A model's name and revision in a catalogue, and the name under which the model that had this name before stays, if any."""

    name: str
    revision: str
    catalog: Path
    kept_as: str = ""


def check_name(name: str) -> str:
    """Return a name that may stand in a catalogue; BadCatalog for any other."""
    if not NAME.fullmatch(name):
        raise BadCatalog(f"{name!r} is no name for a model: use letters, digits, dots, - and _")
    return name


def register_model(name: str, folder: Path, *, catalog: Path) -> Registered:
    """Let `name` mean the model in `folder`, in one step; a model of another revision that had the name stays as NAME@REVISION."""
    check_name(name)
    text = catalog.read_text(encoding="utf-8") if catalog.exists() else ""
    entries = _entries(text, catalog)
    revision = _revision(folder)
    path = _path_in(folder, catalog)
    kept_as = ""
    if there := entries.get(name):
        if there == {"kind": "bellwether", "path": path}:
            return Registered(name, revision, catalog)
        text, kept_as = _set_aside(text, name, there, catalog, entries)
    entry = f'[models.{_key(name)}]\nkind = "bellwether"\npath = {_quoted(path)}\n'
    _write(catalog, f"{text.rstrip()}\n\n{entry}".lstrip())
    return Registered(name, revision, catalog, kept_as)


def _entries(text: str, catalog: Path) -> dict[str, Any]:
    try:
        entries = tomllib.loads(text).get("models", {})
    except tomllib.TOMLDecodeError as problem:
        raise BadCatalog(f"{catalog} can't be read as TOML ({problem}); mend it, then run the same command again") from problem
    return dict(entries)


def _revision(folder: Path) -> str:
    return revision_of([folder / CONFIG, folder / WEIGHTS])


def _path_in(folder: Path, catalog: Path) -> str:
    """Return the folder as the catalogue should name it: relative if it lies below, so that both may move together."""
    absolute, home = folder.resolve(), catalog.resolve().parent
    return absolute.relative_to(home).as_posix() if absolute.is_relative_to(home) else str(absolute)


def _set_aside(text: str, name: str, there: dict[str, Any], catalog: Path, entries: dict[str, Any]) -> tuple[str, str]:
    """Rename the entry of that name, or take it out where the same model is kept already; return the text and the name it has now."""
    old = catalog.parent / str(there.get("path", ""))
    revision = _revision(old) if all((old / file).is_file() for file in (CONFIG, WEIGHTS)) else "before"
    wanted = f"{name}@{revision}"
    kept_as = next(one for one in chain([wanted], (f"{wanted}-{n}" for n in count(2))) if entries.get(one, there) == there)
    header = rf'^\[models\.(?:"{re.escape(name)}"|{re.escape(name)})((?:\.[\w-]+)?)\](?=\s*(?:#.*)?$)'
    if kept_as in entries:
        changed = re.sub(rf"{header}[^\n]*\n(?:(?!\[)[^\n]*\n?)*", "", text, flags=re.MULTILINE)
    else:
        changed = re.sub(header, lambda found: f"[models.{_quoted(kept_as)}{found[1]}]", text, flags=re.MULTILINE)
    after = _entries(changed, catalog)
    if name in after or after.get(kept_as) != there:
        raise BadCatalog(
            f"{catalog} writes {name!r} in a way that can't be changed by itself; rename that entry, then run the command again"
        )
    return changed, kept_as


def _key(name: str) -> str:
    return _quoted(name) if "." in name else name


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write(catalog: Path, text: str) -> None:
    catalog.parent.mkdir(parents=True, exist_ok=True)
    unfinished = catalog.with_name(f"{catalog.name}.{os.getpid()}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(catalog)
