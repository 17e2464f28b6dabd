import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.parquet import as_payload, read_parquet
from workers.readers.rows import Row


def test_read_parquet_yields_every_row_of_every_group() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    table = pa.table({"text": [f"text {n}" for n in range(2_500)], "published_at": [at] * 2_500})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=700)

    rows = list(read_parquet(file, max_bytes=1))

    assert [row.line for row in rows] == list(range(1, 2_501))
    assert isinstance(rows[-1], Row)
    assert rows[-1].fields == {"text": "text 2499", "published_at": at}


def test_read_parquet_refuses_only_the_row_that_is_not_utf8() -> None:
    bad = pa.StringArray.from_buffers(3, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xe9c"))
    file = io.BytesIO()
    pq.write_table(pa.table({"text": bad}), file)

    first, second, third = read_parquet(file, max_bytes=1)

    assert isinstance(first, Row)
    assert isinstance(second, Reject)
    assert (second.line, second.reason) == (2, "not_utf8")
    assert isinstance(third, Row)


def test_read_parquet_says_that_a_file_is_none() -> None:
    with pytest.raises(UsageError, match="no readable Parquet file"):
        list(read_parquet(io.BytesIO(b"PAR1 but not really"), max_bytes=1))


def test_as_payload_takes_any_value() -> None:
    assert as_payload({"at": datetime(2026, 1, 2, tzinfo=UTC), "text": "\ud83d"}) == b'{"at": "2026-01-02 00:00:00+00:00", "text": "?"}'
