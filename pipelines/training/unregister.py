"""Take a model out of the user's own catalogue file, as text, so that comments and order stay; entering one is left to `own.register`."""

import re
import tomllib
from pathlib import Path

from pipelines.errors import PipelineError


class NotRemoved(PipelineError):
    """The model stays in the catalogue; the message says why, and what to do."""


def forget_model(name: str, *, catalog: Path) -> None:
    """Remove the entry `name` and nothing else; NotRemoved where the file does not have it, or writes it in an unusual way."""
    text = catalog.read_text(encoding="utf-8")
    before = tomllib.loads(text).get("models", {})
    if name not in before:
        raise NotRemoved(f"{catalog} has no model {name!r}; it has {', '.join(sorted(before)) or 'none'}")
    key = rf'(?:"{re.escape(name)}"|{re.escape(name)})'
    changed = re.sub(rf"^\[models\.{key}(?:\.[\w-]+)?\][^\n]*\n?(?:(?!\[)[^\n]*(?:\n|\Z))*?(?=\[|\s*\Z)", "", text, flags=re.MULTILINE)
    if tomllib.loads(changed).get("models", {}) != {other: entry for other, entry in before.items() if other != name}:
        raise NotRemoved(f"{catalog} writes {name!r} in a way that can't be changed by itself; delete that entry by hand")
    unfinished = catalog.with_name(f"{catalog.name}.tmp")
    unfinished.write_text(changed, encoding="utf-8")
    unfinished.replace(catalog)
