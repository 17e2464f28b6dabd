"""Files and streams as rows, in constant memory: one small file a format, all listed in FORMATS."""

import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.csv import read_csv
from workers.readers.jsonl import read_jsonl
from workers.readers.parquet import read_parquet
from workers.readers.rows import Row, Unreadable, rejected

__all__ = ["EXTENSIONS", "FORMATS", "Reject", "Row", "format_of", "open_rows", "read_rows"]

Reader = Callable[..., Iterator[Row | Reject]]

FORMATS: dict[str, Reader] = {
    "jsonl": read_jsonl,
    "csv": read_csv,
    "tsv": partial(read_csv, delimiter="\t"),
    "parquet": read_parquet,
}

EXTENSIONS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def format_of(path: str) -> str | None:
    """Return the format that the extension of `path` names, `.gz` apart; None of an unknown one."""
    return EXTENSIONS.get(Path(path.lower().removesuffix(".gz")).suffix)


@contextmanager
def open_rows(path: str, *, form: str | None = None, max_bytes: int) -> Iterator[Iterator[Row | Reject]]:
    """Open the file at `path`, or standard input for `-`, and give its rows; `form` overrides the extension.

    Raises UsageError where the format is unknown, OSError where the file can't be opened.
    """
    chosen = form or format_of(path) or ("jsonl" if path == "-" else None)
    if chosen not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(f"{path}: can't tell its format from its name; pass --format with one of {known}.")
    with _opened(path) as stream:
        yield read_rows(stream, form=chosen, max_bytes=max_bytes)


def read_rows(stream: IO[bytes], *, form: str, max_bytes: int) -> Iterator[Row | Reject]:
    """Yield the rows of `stream`; a compressed stream that breaks off ends in one reject, after every line before it."""
    if form == "parquet" and not stream.seekable():
        stream = _spooled(stream)
    last = 0
    try:
        for row in FORMATS[form](_past_list(stream, form), max_bytes=max_bytes):
            last = row.line or last
            yield row
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        fault = Unreadable("broken_archive", f"broken archive: nothing can be read after line {last:,}: {error}")
        yield rejected(last + 1, fault, payload=None)


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    if path == "-":
        return _Kept(sys.stdin.buffer)
    if path.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return Path(path).open("rb")


class _Kept(AbstractContextManager[IO[bytes]]):
    """A stream that is not ours to close."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def __enter__(self) -> IO[bytes]:
        return self._stream

    def __exit__(self, *_: object) -> None:
        """Leave the stream open."""


def _spooled(stream: IO[bytes]) -> IO[bytes]:
    """Copy `stream` to a file without a name, so that it can be sought in."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the reader lets go of it
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return cast("IO[bytes]", copy)


def _past_list(stream: Any, form: str) -> IO[bytes]:
    """Refuse a JSON list, which people mistake for JSON lines, before its every line is refused."""
    if form != "jsonl":
        return cast("IO[bytes]", stream)
    peekable = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
    if peekable.peek(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise UsageError("This is one JSON list, not JSON lines: turn it into lines with `jq -c '.[]' FILE` and send those.")
    return cast("IO[bytes]", peekable)
