"""Read Hugging Face data sets as rows in the documented form: Parquet, a folder saved by `datasets`, or one of the hub.

What a row must hold is left to `data`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from pipelines.training.extras import require
from pipelines.training.formats import BadRowError, Row

_HUB = re.compile(r"hf:(?P<id>[^,@:]+)(?:,(?P<config>[^@:]+))?(?:@(?P<revision>[^:]+))?(?::(?P<split>.+))?")

TEXTS = ("text", "sentence", "content", "headline")
"""Columns that are read as `text`, the first of them that there is."""
LABELS = ("label", "labels", "sentiment", "intent", "topic", "category")
TAGS = ("ner_tags", "tags")

Names = Mapping[str, Sequence[str]]
"""Column -> what its numbers stand for."""


def read_dataset(path: Path) -> Iterator[Row]:
    """Yield the rows of a data set, numbered from 1; BadRowError where it is none, or has no column to read.

    Numbers of classes become their names; tokens with tags become a text with `entities`.
    """
    where = str(path) if str(path).startswith("hf:") else path.name
    if where.startswith("hf:"):
        rows, names = _from_hub(where)
    elif path.is_dir() and _is_saved(path):
        rows, names = _from_folder(path)
    else:
        rows, names = _from_parquet(path)
    translate: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    for number, values in zip(count(1), rows, strict=False):
        translate = translate or _translation(values, names, where)
        yield number, translate(values)


def _is_saved(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("dataset_info.json", "dataset_dict.json"))


def _from_hub(address: str) -> tuple[Iterable[Mapping[str, Any]], Names]:
    found = _HUB.fullmatch(address)
    if found is None:
        raise BadRowError(f"{address}: write hf:ID, and if need be hf:ID,CONFIG@REVISION:SPLIT")
    datasets = require("datasets", wanted_for=address)
    try:
        loaded = datasets.load_dataset(
            found["id"], found["config"], revision=found["revision"], split=found["split"] or "train", streaming=True
        )
    except (OSError, ValueError, RuntimeError) as problem:  # not there, not reachable, no such split: it has a class for each
        raise BadRowError(f"{address} can't be read ({problem}); check its name, or download it and give the folder") from problem
    return loaded, _names(loaded.features or {})


def _from_folder(folder: Path) -> tuple[Iterable[Mapping[str, Any]], Names]:
    datasets = require("datasets", wanted_for=f"the data set in {folder.name}")
    loaded = datasets.load_from_disk(str(folder))
    if isinstance(loaded, datasets.DatasetDict):
        if "train" not in loaded:
            raise BadRowError(
                f"{folder.name}: no split `train`, but {', '.join(loaded)}; give one split's folder, as {folder.name}/{next(iter(loaded))}"
            )
        loaded = loaded["train"]
    return loaded, _names(loaded.features)


def _from_parquet(path: Path) -> tuple[Iterable[Mapping[str, Any]], Names]:
    from pyarrow import ArrowException, parquet

    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise BadRowError(f"{path.name}: neither a data set that was saved with save_to_disk, nor a folder with Parquet files")
    try:
        opened = [parquet.ParquetFile(file) for file in files]
    except ArrowException as problem:
        raise BadRowError(f"{path.name}: not readable as Parquet ({problem})") from problem
    schema = opened[0].schema_arrow
    features: Mapping[str, Any] = {}
    if b"huggingface" in (schema.metadata or {}):  # only then do numbers stand for names
        features = require("datasets", wanted_for=path.name).Features.from_arrow_schema(schema)
    return chain.from_iterable(batch.to_pylist() for file in opened for batch in file.iter_batches()), _names(features)


def _names(features: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    found = {}
    for column, feature in features.items():
        names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
        if names:
            found[column] = names
    return found


def _translation(first: Mapping[str, Any], names: Names, where: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Choose, from the first row's columns, how rows are turned into the documented form."""
    tags = _first(TAGS, first)
    if tags and "tokens" in first:
        return lambda row: _tagged(row, tags, names)
    text, label = _first(TEXTS, first), _first(LABELS, first)
    if text is None:
        raise BadRowError(f"{where}: no column `text`, but {', '.join(first)}; rename yours")

    def translate(row: Mapping[str, Any]) -> dict[str, Any]:
        given = {**row, "text": row[text]}
        if label:
            given["label"] = _name(row[label], names.get(label))
        return {column: value for column, value in given.items() if value is not None}

    return translate


def _first(columns: Sequence[str], row: Mapping[str, Any]) -> str | None:
    return next((column for column in columns if column in row), None)


def _name(value: Any, names: Sequence[str] | None) -> Any:
    """Name a class; -1 stands for none, as it does in the test parts of data sets."""
    if not isinstance(value, int):
        return value
    if names is None:
        return str(value)
    return names[value] if 0 <= value < len(names) else None


def _tagged(row: Mapping[str, Any], column: str, names: Names) -> dict[str, Any]:
    """Join tokens by spaces and read their BIO tags as spans."""
    spans: list[dict[str, Any]] = []
    at, running = 0, ""
    for token, value in zip(row["tokens"], row[column], strict=True):
        part, _, group = str(_name(value, names.get(column))).partition("-")
        group = group.upper()
        if part == "I" and group == running:
            spans[-1]["end"] = at + len(token)
        elif part in ("B", "I"):
            spans.append({"start": at, "end": at + len(token), "label": group})
        running = group if part in ("B", "I") else ""
        at += len(token) + 1
    return {**row, "text": " ".join(row["tokens"]), "entities": spans}
