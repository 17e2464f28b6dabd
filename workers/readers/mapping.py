"""Other people's column names turned into Bellwether's; what the values mean is left to `workers.validation`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.rows import Row
from workers.settings import RECORD_FIELDS

_PEEKED_ROWS = 100


def parse_mapping(text: str | None) -> dict[str, str]:
    """Return field -> column of `text=body,published_at=created`; raise UsageError for anything else."""
    mapping: dict[str, str] = {}
    for pair in filter(None, (text or "").split(",")):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise UsageError(f"--map {pair}: write FIELD=COLUMN, as in --map text=body,published_at=created.")
        if name not in RECORD_FIELDS:
            raise UsageError(f"--map {pair}: {name!r} is no field of a record; those are {', '.join(RECORD_FIELDS)}. Write FIELD=COLUMN.")
        mapping[name] = column
    return mapping


def mapped_rows(rows: Iterable[Row | Reject], *, mapping: Mapping[str, str], fixed_columns: bool) -> Iterator[Row | Reject]:
    """Yield `rows` with their columns renamed; raise UsageError first if a mapped column is in none of the first hundred rows.

    A column that a mapping takes the name of is kept as NAME_column. `fixed_columns`: every row has the same ones, so that a
    missing `text` is a mistake of the whole file.
    """
    upcoming = iter(rows)
    first = list(islice(upcoming, _PEEKED_ROWS))
    found = list(dict.fromkeys(name for row in first if isinstance(row, Row) for name in row.fields))
    if found:
        _check_columns(found, mapping, fixed_columns=fixed_columns)
    return (_renamed(row, mapping) for row in chain(first, upcoming))


def _check_columns(found: Sequence[str], mapping: Mapping[str, str], *, fixed_columns: bool) -> None:
    listed = ", ".join(found[:30])
    for name, column in mapping.items():
        if column not in found:
            raise UsageError(f"--map {name}={column}: there is no column {column!r}; found: {listed}.")
    if fixed_columns and "text" not in found and "text" not in mapping:
        raise UsageError(f"There is no column `text`; found: {listed}. Say which one holds it, as in --map text={found[0]}.")


def _renamed(row: Row | Reject, mapping: Mapping[str, str]) -> Row | Reject:
    if isinstance(row, Reject) or not mapping:
        return row
    columns = {column: name for name, column in mapping.items()}
    kept = {name: value for name, value in row.fields.items() if name not in columns and name not in mapping}
    shadowed = {f"{name}_column": row.fields[name] for name in mapping if name in row.fields and name not in columns}
    return replace(row, fields=kept | shadowed | {name: row.fields.get(column) for name, column in mapping.items()})
