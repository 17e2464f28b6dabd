"""Read the rows of a labelled file as mappings, whatever its format; what a row must hold is left to `data`.

Hugging Face data sets are left to `datasets_rows`.
"""

import csv
import gzip
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

Row = tuple[int, Mapping[str, Any]]

NESTED = ("entities", "targets")
"""The columns of a CSV file that hold JSON."""


class BadRowError(ValueError):
    """A row of a data file is not what its task needs; the message names file, row, fault and mend."""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield each row with its number, from 1; in CSV the header is row 1, as a spreadsheet counts. BadRowError for a bad one.

    JSON lines or a JSON list, CSV or tab-separated (each gzipped if the name ends in .gz), Parquet, a folder that `datasets`
    saved or that holds Parquet files, or `hf:ID` on the Hugging Face hub.
    """
    if path.is_dir() or path.suffix == ".parquet" or str(path).startswith("hf:"):
        from pipelines.training.datasets_rows import read_dataset

        yield from read_dataset(path)
        return
    names = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    read = READERS.get(names[-1] if names else "")
    if read is None:
        known = ", ".join(READERS)
        raise BadRowError(f"{path.name}: no format is known by that name; end it in {known} (.gz may follow), or .parquet")
    n_rows = 0
    try:
        with _open(path) as lines:
            for row in read(lines, path.name):
                yield row
                n_rows += 1
    except UnicodeDecodeError as problem:
        raise BadRowError(f"{path.name}, after row {n_rows}: not UTF-8; convert the file, for example with iconv") from problem
    except (gzip.BadGzipFile, EOFError) as problem:
        raise BadRowError(f"{path.name}, after row {n_rows}: not a whole gzip file ({problem}); copy it again") from problem


def _open(path: Path) -> TextIO:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _json_lines(lines: TextIO, name: str) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except json.JSONDecodeError as problem:
            raise BadRowError(f"{name}, row {number}: not JSON ({problem}); write one object a line") from problem
        yield number, _mapping(values, f"{name}, row {number}")


def _json_list(lines: TextIO, name: str) -> Iterator[Row]:
    try:
        rows = json.load(lines)
    except json.JSONDecodeError as problem:
        raise BadRowError(f"{name}: not JSON ({problem}); a file of one object a line must end in .jsonl") from problem
    if not isinstance(rows, list):
        raise BadRowError(f"{name}: not a list of objects; write a list, or one object a line into a file that ends in .jsonl")
    for number, values in enumerate(rows, start=1):
        yield number, _mapping(values, f"{name}, row {number}")


def _mapping(values: object, where: str) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise BadRowError(f'{where}: not a JSON object; write one such as {{"text": "...", "label": "..."}}')
    return values


def _separated(delimiter: str) -> Callable[[TextIO, str], Iterator[Row]]:
    def read(lines: TextIO, name: str) -> Iterator[Row]:
        csv.field_size_limit(min(sys.maxsize, 1 << 30))  # the library stops at 128 KB, and a text may be longer
        table = csv.DictReader(lines, delimiter=delimiter, strict=True)
        try:
            if "text" not in (table.fieldnames or ()):
                raise BadRowError(f"{name}, row 1: no column `text`, but {', '.join(table.fieldnames or ()) or 'nothing'}; rename yours")
            for number, values in enumerate(table, start=2):
                yield number, _cells(values, f"{name}, row {number}")
        except csv.Error as problem:
            raise BadRowError(
                f"{name}, line {table.line_num}: {problem}; quote a cell that holds a comma, a quote or a line break"
            ) from problem

    return read


def _cells(values: Mapping[str | None, Any], where: str) -> dict[str, Any]:
    """Leave out empty cells, and read those that hold JSON."""
    if None in values:
        raise BadRowError(f"{where}: more cells than the header has columns; quote a cell that holds a comma")
    row: dict[str, Any] = {name: cell for name, cell in values.items() if name and cell not in (None, "")}
    for name in NESTED:
        if name in row:
            try:
                row[name] = json.loads(row[name])
            except json.JSONDecodeError as problem:
                raise BadRowError(f"{where}: `{name}` is not JSON ({problem}); write a list of spans") from problem
    return row


READERS: Mapping[str, Callable[[TextIO, str], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_list,
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
}
"""How to read a text file, by the end of its name."""
