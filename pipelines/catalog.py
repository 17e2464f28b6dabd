"""Read `catalog.toml`: which models there are under which names. Loading them is left to `pipelines.model`."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ModelUnavailable

MODELS = Path(__file__).parent / "models"
CATALOG = MODELS / "catalog.toml"
_TOPICS = "topics_"


class Part(BaseModel):
    """One Hugging Face model in its role: a folder (`path`), or a hub `id` at a pinned `revision`.

    `labels` maps the model's own label names to ours; a name that it leaves out is kept. `taxonomy` says whose topics a topic
    model puts out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    revision: str | None = Field(default=None, pattern=r"^[0-9a-f]{40}$")
    path: Path | None = None
    labels: Mapping[str, str] = Field(default_factory=dict)
    taxonomy: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Part":
        if (self.id is None) == (self.path is None):
            raise ValueError("give either `id` (a hub id) or `path` (a folder)")
        if self.id is not None and self.revision is None:
            raise ValueError("a hub id needs `revision`, the 40-digit commit to load: what a branch means can change")
        return self


class BellwetherEntry(BaseModel):
    """A folder in this project's own format; a relative `path` starts at the catalog's folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["bellwether"]
    path: Path


class HuggingFaceEntry(BaseModel):
    """Sequence- and token-classification models in the roles they play, and an optional embedding model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["huggingface"]
    sentiment: Part
    topics: Part | None = None
    entities: Part | None = None
    embedding: Part | None = None

    @model_validator(mode="after")
    def _topics_are_somebodys(self) -> "HuggingFaceEntry":
        if self.topics is not None and self.topics.taxonomy is None:
            raise ValueError("`topics` needs `taxonomy`, the taxonomy whose topics it puts out")
        return self


Entry = Annotated[BellwetherEntry | HuggingFaceEntry, Field(discriminator="kind")]


class Catalog(BaseModel):
    """All models of one file, by name; `folder` is where that file lies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: dict[str, Entry]
    folder: Path = MODELS

    def entry(self, name: str) -> BellwetherEntry | HuggingFaceEntry:
        """Return the entry of a name, or of a model folder in this project's format; ModelUnavailable lists the names there are."""
        if name in self.models:
            return self.models[name]
        if (Path(name) / "config.json").is_file():
            return BellwetherEntry(kind="bellwether", path=Path(name).absolute())
        raise ModelUnavailable(f"no model is called {name!r}, nor is it a model folder; the catalog has {', '.join(sorted(self.models))}")

    def place(self, path: Path) -> Path:
        """Resolve a path of an entry against the catalog's folder."""
        return path if path.is_absolute() else self.folder / path

    def taxonomies(self, name: str) -> frozenset[str]:
        """Return the taxonomies whose topics a model brings itself, described by a file or not; none where its folder isn't here."""
        entry = self.entry(name)
        if isinstance(entry, HuggingFaceEntry):
            return frozenset({entry.topics.taxonomy} if entry.topics and entry.topics.taxonomy else ())
        try:
            heads = json.loads((self.place(entry.path) / "config.json").read_text(encoding="utf-8"))["heads"]
        except (OSError, ValueError, KeyError):
            return frozenset()
        return frozenset(head.removeprefix(_TOPICS) for head in heads if head.startswith(_TOPICS))


def read_catalog(path: Path | None = None) -> Catalog:
    """Read the shipped catalog and, over it, the user's own file at `path`; ModelUnavailable says where a file is wrong."""
    shipped = _read(CATALOG)
    if path is None:
        return shipped
    own = _read(path)
    absolute = {
        name: entry.model_copy(update={"path": shipped.place(entry.path)}) if isinstance(entry, BellwetherEntry) else entry
        for name, entry in shipped.models.items()
    }
    return Catalog(models={**absolute, **own.models}, folder=path.parent)


def _read(path: Path) -> Catalog:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Catalog.model_validate({**values, "folder": path.parent})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as problem:
        raise ModelUnavailable(f"the model catalog {path} can't be read: {problem}") from problem
