"""Whether the chosen model's files are there, told without torch; loading them is left to `pipelines.model`."""

from pathlib import Path

from pipelines.catalog import BellwetherEntry, read_catalog
from pipelines.errors import ModelUnavailable
from pipelines.model_files import CONFIG, WEIGHTS, revision_of
from workers.settings import Engine

_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def require_model(engine: Engine) -> str:
    """Return where the model is; raise ModelUnavailable naming the file that is missing, before any child tries in vain to load it."""
    catalog = read_catalog(engine.catalog)
    entry = catalog.entry(engine.model)
    if not isinstance(entry, BellwetherEntry):
        parts = [part for part in (entry.sentiment, entry.topics, entry.entities, entry.embedding) if part]
        return ", ".join(str(part.path or f"{part.id}@{(part.revision or '')[:12]}") for part in parts)
    folder = catalog.place(entry.path)
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise ModelUnavailable(
            f"model {engine.model!r} lacks {missing[0]} in {folder}; `bellwether train` makes one, or name another as engine.model"
        )
    return str(folder)


def model_revision(folder: str) -> str | None:
    """Return the revision that analyses will carry: 12 hexadecimal digits of the sha256 of configuration and weights."""
    files = [Path(folder) / name for name in (CONFIG, WEIGHTS)]
    return revision_of(files) if all(path.is_file() for path in files) else None
