"""Tell what a model folder holds without loading it, and without torch; loading it is left to `pipelines.model`."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import ModelUnavailable

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
CARD = "README.md"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model folder at a glance.

    `heads` maps each head to its number of labels. `n_bytes` counts the files' bytes, `words_from` is the folder whose word
    embeddings it shares; `is_int8` says that its encoder is stored in 8 bits.
    """

    folder: Path
    revision: str
    n_layers: int
    width: int
    window_tokens: int
    heads: Mapping[str, int]
    temperatures: Mapping[str, float]
    is_int8: bool
    n_bytes: int
    words_from: Path | None


def facts_of(folder: Path) -> ModelFacts:
    """Read a model folder's configuration and file sizes; ModelUnavailable says what is missing or broken."""
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        raise ModelUnavailable(f"{folder} lacks {', '.join(missing)}")
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return _facts(folder, values)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ModelUnavailable(f"{folder / CONFIG} is not a model's configuration: {problem!r}") from problem


def _facts(folder: Path, values: Mapping[str, Any]) -> ModelFacts:
    tokens = {"entities": values["tags"], "sentiment_targets": values.get("targets", ())}
    heads = {name: len(labels) for name, labels in {**values["heads"], **tokens}.items() if labels}
    words = values.get("words")
    return ModelFacts(
        folder=folder,
        revision=revision_of([folder / CONFIG, folder / WEIGHTS]),
        n_layers=int(values["encoder"]["n_layers"]),
        width=int(values["encoder"]["width"]),
        window_tokens=int(values["window_tokens"]),
        heads=heads,
        temperatures={name: float(one["temperature"]) for name, one in values.get("calibration", {}).items()},
        is_int8=bool(values.get("is_int8")),
        n_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        words_from=(folder / words["folder"]).resolve() if words else None,
    )


def revision_of(files: Sequence[Path]) -> str:
    """Return 12 hexadecimal digits of the sha256 of the files' contents, in the order given."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()[:12]
