"""Parquet, row group by row group; what the columns mean is left to `workers.validation`."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.rows import Row, Unreadable, rejected

_BATCH_ROWS = 1_000


def read_parquet(stream: IO[bytes], *, max_bytes: int) -> Iterator[Row | Reject]:
    """Yield every row; `line` is its number, from 1. The stream must be seekable; `max_bytes` is left to validation."""
    del max_bytes
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        for batch in pq.ParquetFile(stream).iter_batches(batch_size=_BATCH_ROWS):
            yield from _rows(batch, number)
            number += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"This is no readable Parquet file after row {number:,}: {str(error).splitlines()[0]}") from error


def _rows(batch: Any, before: int) -> Iterator[Row | Reject]:
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):  # one value of the batch can't be had in Python; find out whose
        yield from (_row(before + index + 1, batch.slice(index, 1)) for index in range(batch.num_rows))
    else:
        yield from (Row(before + index + 1, fields) for index, fields in enumerate(rows))


def _row(number: int, one: Any) -> Row | Reject:
    try:
        return Row(number, one.to_pylist()[0])
    except UnicodeDecodeError as error:
        return rejected(number, Unreadable("not_utf8", f"not UTF-8: {error.reason}"), payload=None)
    except (ValueError, OverflowError) as error:
        return rejected(number, Unreadable("bad_field", f"bad field: {error}"), payload=None)


def as_payload(fields: Mapping[str, Any]) -> bytes:
    """Return `fields` as a JSON line, for quarantine."""
    return json.dumps(fields, default=str, ensure_ascii=False).encode("utf-8", "replace")
