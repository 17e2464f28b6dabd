import gzip
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers import FORMATS, format_of, open_rows, read_rows
from workers.readers.rows import Row

LIMIT = 1 << 20


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jsonl", "jsonl"),
        ("a.JSONL.GZ", "jsonl"),
        ("a.csv", "csv"),
        ("b/a.csv.gz", "csv"),
        ("a.tsv", "tsv"),
        ("a.parquet", "parquet"),
        ("a.txt", None),
        ("-", None),
    ],
)
def test_format_of_reads_the_extension(name: str, form: str | None) -> None:
    assert format_of(name) == form


def test_open_rows_unpacks_gzip_by_extension(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text\nhello\n"))

    with open_rows(str(path), max_bytes=LIMIT) as rows:
        (row,) = rows

    assert isinstance(row, Row)
    assert row.fields == {"text": "hello"}


def test_open_rows_of_an_unknown_extension_names_the_formats(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--format"), open_rows(str(tmp_path / "a.txt"), max_bytes=LIMIT):
        pass


def test_open_rows_reads_standard_input_and_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BufferedReader(io.BytesIO(b'{"text": "hello"}\n'))  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))

    with open_rows("-", max_bytes=LIMIT) as rows:
        found = list(rows)

    assert len(found) == 1
    assert not stream.closed


def test_read_rows_ends_a_broken_archive_with_one_reject() -> None:
    packed = gzip.compress(b"".join(b'{"text": "line %d"}\n' % n for n in range(5_000)))

    with gzip.open(io.BytesIO(packed[: len(packed) // 2])) as stream:
        rows = list(read_rows(stream, form="jsonl", max_bytes=LIMIT))  # type: ignore[arg-type]

    assert isinstance(rows[-1], Reject)
    assert rows[-1].reason == "broken_archive"
    assert rows[-1].line == len(rows)
    assert all(isinstance(row, Row) for row in rows[:-1])


def test_read_rows_refuses_a_json_list_as_a_whole() -> None:
    with pytest.raises(UsageError, match="jq"):
        list(read_rows(io.BytesIO(b' \n[{"text": "hello"}]'), form="jsonl", max_bytes=LIMIT))


@pytest.mark.parametrize("form", sorted(set(FORMATS) - {"parquet"}))
def test_every_text_format_reads_an_empty_stream_as_nothing(form: str) -> None:
    assert list(read_rows(io.BytesIO(b""), form=form, max_bytes=LIMIT)) == []
