"""Taxonomies, the sets of topics that sources name, read from their TOML files; asking a model is left to `pipelines.topics`."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.errors import PipelineError, UnknownTaxonomy

SHIPPED = Path(__file__).parent / "models" / "taxonomies"
OUT_OF_SCOPE = "out_of_scope"
"""The label by which a trained head says that a text is about none of its topics."""


class BadTaxonomy(PipelineError):
    """A taxonomy file can't be used; the message names the file, the topic and the mend."""


class Topic(BaseModel):
    """A topic as its user describes it: `name` is kept with every record, `title` is what people read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = ""
    description: str
    examples: tuple[str, ...] = ()

    @field_validator("description", "examples")
    @classmethod
    def _says_something(cls, value: Any) -> Any:
        for text in (value,) if isinstance(value, str) else value:
            if not any(map(str.isalnum, text)):
                raise ValueError(f"{text!r} says nothing; write a sentence")
        return value


class DescribedTaxonomy(BaseModel):
    """Topics matched by the likeness of a text to their descriptions and examples: edited without training.

    `threshold` is the likeness, -1 to 1, below which a text has no topic; where it is left out, one is fitted to the taxonomy's
    own examples. A smaller `temperature` makes scores more decided.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["described"] = "described"
    description: str = ""
    threshold: float | None = Field(None, ge=-1, le=1)
    temperature: float = Field(0.04, gt=0)
    topics: tuple[Topic, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> "DescribedTaxonomy":
        names = [topic.name for topic in self.topics]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the topic {twice[0]!r} stands there twice; rename or merge one")
        return self


class TrainedTaxonomy(BaseModel):
    """Topics that a head of the model was trained on.

    `threshold` is the probability below which a text has no topic; where it is left out, the one fitted with the model holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["trained"]
    description: str = ""
    head: str
    threshold: float | None = Field(None, ge=0, le=1)
    titles: dict[str, str] = Field(default_factory=dict)


Taxonomy = DescribedTaxonomy | TrainedTaxonomy


class Taxonomies(Mapping[str, Taxonomy]):
    """All installed taxonomies by name."""

    def __init__(self, taxonomies: Iterable[Taxonomy]) -> None:
        """Keep the last of each name, so that a user's own wins over a shipped one."""
        self._by_name = {taxonomy.name: taxonomy for taxonomy in taxonomies}

    def __getitem__(self, name: str) -> Taxonomy:
        """Return a taxonomy; UnknownTaxonomy names the nearest, or all there are."""
        if name in self._by_name:
            return self._by_name[name]
        near = difflib.get_close_matches(name, self._by_name, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(self._by_name))}"
        raise UnknownTaxonomy(f"no taxonomy is called {name!r}; {hint}")

    def __contains__(self, name: object) -> bool:
        """Tell whether a taxonomy is installed."""
        return name in self._by_name

    def __iter__(self) -> Any:
        """Iterate over the names."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """Count the taxonomies."""
        return len(self._by_name)


def read_taxonomies(folder: Path | None = None) -> Taxonomies:
    """Read the shipped taxonomies and, over them, every .toml file of the user's `folder`; BadTaxonomy for the first bad one."""
    if folder is not None and not folder.is_dir():
        raise BadTaxonomy(f"{folder} is not a folder; set `engine.taxonomies` to the folder with your taxonomy files")
    files = [*sorted(SHIPPED.glob("*.toml")), *(sorted(folder.glob("*.toml")) if folder else ())]
    return Taxonomies(map(read_taxonomy, files))


def read_taxonomy(path: Path) -> Taxonomy:
    """Read one file; BadTaxonomy says where it is wrong and how to mend it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadTaxonomy(f"{path} can't be read as TOML: {problem}") from problem
    kind = values.get("kind", "described")
    if kind not in ("described", "trained"):
        raise BadTaxonomy(f'{path}: kind is {kind!r}; write kind = "described" or kind = "trained"')
    try:
        return (TrainedTaxonomy if kind == "trained" else DescribedTaxonomy).model_validate(values)
    except ValidationError as problem:
        raise BadTaxonomy(f"{path}: {_explain(problem.errors()[0], values)}") from problem


def _explain(error: Any, values: Mapping[str, Any]) -> str:
    place = list(error["loc"])
    where = ""
    if place[:1] == ["topics"] and len(place) > 1:
        topic = values["topics"][place[1]]
        name = topic.get("name") if isinstance(topic, Mapping) else None
        where, place = f"topic {name!r}: " if name else f"topic number {place[1] + 1}: ", place[2:]
    key = ".".join(map(str, place))
    if error["type"] == "missing":
        return f"{where}`{key}` is missing; add it"
    if error["type"] == "extra_forbidden":
        return f"{where}`{key}` is not known; remove it or mend its spelling"
    if error["type"] == "string_pattern_mismatch":
        return f"{where}`{key}` must be lower-case letters, digits, - and _; put the readable form into `title`"
    return f"{where}{f'`{key}`: ' if key else ''}{error['msg'].removeprefix('Value error, ')}"
