"""Comma-, semicolon- or tab-separated values with a header line; what the columns mean is left to `workers.validation`."""

import csv
import sys
from collections import deque
from collections.abc import Iterator
from typing import IO, Any

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.rows import Line, Row, Unreadable, read_lines, rejected, too_large, utf8_fault

_BOM = b"\xef\xbb\xbf"


class _Overlong(Exception):
    """A single line, or one quoted field over many lines, exceeds the limit."""


class _Feed:
    """Hands decoded lines to `csv.reader`, and remembers which ones the current record is made of.

    Bytes that are not UTF-8 travel as lone surrogates, so that the record around them keeps its shape and can be refused alone.
    """

    def __init__(self, stream: IO[bytes], *, max_bytes: int) -> None:
        self._lines = read_lines(stream, max_bytes=max_bytes)
        self._again: deque[Line] = deque()
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self.taken: list[Line] = []

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._n_bytes += len(line.raw) if line.n_bytes <= self._max_bytes else line.n_bytes
        if self._n_bytes > self._max_bytes + 2:
            raise _Overlong
        return line.raw.removeprefix(_BOM if line.number == 1 else b"").decode("utf-8", "surrogateescape")

    def start(self) -> None:
        """Forget the lines of the record before."""
        self.taken, self._n_bytes = [], 0

    def give_back(self) -> None:
        """Read all but the first line of this record again, each by itself."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    @property
    def raw(self) -> bytes:
        """The record as it came."""
        return b"".join(line.raw for line in self.taken).rstrip(b"\r\n")


def read_csv(stream: IO[bytes], *, max_bytes: int, delimiter: str | None = None) -> Iterator[Row | Reject]:
    """Yield every record below the header; `line` is the one it starts on.

    A record that breaks the rules of CSV, or a quote that is never closed, costs its own line only. `delimiter` None: told by
    the header.
    """
    csv.field_size_limit(sys.maxsize)
    feed = _Feed(stream, max_bytes=max_bytes)
    header = _header(feed, delimiter)
    if header is None:
        return
    names, delimiter = header
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.start()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken(feed, str(error))
        except _Overlong:
            yield _overlong(feed, max_bytes)
        else:
            if values:
                yield _row(feed, names, values)


def _header(feed: _Feed, delimiter: str | None) -> tuple[list[str], str] | None:
    """Return the column names and the delimiter; None of an empty file."""
    try:
        first = next(feed)
    except StopIteration:
        return None
    except _Overlong:
        raise UsageError("The header line is too long: is this a CSV file? Name the right one with --format.") from None
    try:
        feed.raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"The header line is {utf8_fault(error, feed.raw).detail}; or name the right format with --format.") from None
    chosen = delimiter or max(",;\t", key=first.count)
    try:
        names = next(csv.reader([first], delimiter=chosen, strict=True))
    except csv.Error as error:
        raise UsageError(f"The header line is broken CSV ({error}): column names can't hold line breaks.") from None
    names = [name.strip() for name in names]
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise UsageError(f"The header names {', '.join(sorted(twice))} twice; give each column a name of its own.")
    return names, chosen


def _row(feed: _Feed, names: list[str], values: list[str]) -> Row | Reject:
    number, raw = feed.taken[0].number, feed.raw
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return rejected(number, utf8_fault(error, raw), payload=raw)
    if len(values) > len(names):
        detail = f"broken CSV: {len(values)} fields where the header has {len(names)}; quote a text that holds the delimiter"
        return rejected(number, Unreadable("broken_csv", detail), payload=raw)
    fields: dict[str, Any] = dict.fromkeys(names)
    fields.update(zip(names, values, strict=False))
    fields.pop("", None)
    return Row(number, fields, raw)


def _broken(feed: _Feed, message: str) -> Reject:
    feed.give_back()
    what = "a quote opens here and is never closed" if "unexpected end" in message else message
    return rejected(feed.taken[0].number, Unreadable("broken_csv", f"broken CSV: {what}"), payload=feed.raw)


def _overlong(feed: _Feed, max_bytes: int) -> Reject:
    line = feed.taken[0]
    if line.n_bytes > max_bytes:
        return rejected(line.number, too_large(line.n_bytes, max_bytes=max_bytes), payload=feed.raw)
    feed.give_back()
    detail = f"broken CSV: a quote opens here and is not closed within {max_bytes:,} bytes"
    return rejected(line.number, Unreadable("broken_csv", detail), payload=feed.raw)
