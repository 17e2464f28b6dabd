"""Read counts of many series from a file, plain or gzipped JSON lines, in bulk; finding their buckets is left to `count_grid`.

Whole blocks of lines are read by Arrow; a block that it can't read, or that holds a value out of bounds, is read line by line,
which either copes or names the line.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workers.count_rows import MOST, BadRow, micros, read_row
from workers.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.signedinteger[Any]]

BLOCK_BYTES = 8 << 20
"""Text read at once: bounds memory, and is long enough that a block's fixed costs vanish."""

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CountRows:
    """Rows as columns, in the order of the file; `at` in microseconds since the epoch, `series` numbers `names`, which are sorted."""

    names: tuple[str, ...]
    series: "Integers"
    at: "Integers"
    n: "Integers"
    n_negative: "Integers"


def read_counts(path: Path, *, needs_negatives: bool) -> CountRows:
    """Read every row; raise UsageError naming the file's first bad line, why it is bad and the mend."""
    known = _Known()
    line, blocks = 1, []
    try:
        with path.open("rb") as file:
            for text in _blocks(_plain(file)):
                blocks.append(_columns(text, known=known, line=line, path=path, needs_negatives=needs_negatives))
                line += text.count(b"\n")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(f"{path} is no whole gzip file ({error}): copy it anew") from None
    return known.rows(blocks)


class _Known:
    """Names and times met so far: each is read once, however many rows repeat it."""

    def __init__(self) -> None:
        self.series: dict[str, int] = {}
        self.times: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.series.setdefault(name, len(self.series))

    def time(self, written: str) -> int:
        at = self.times.get(written)
        if at is None:
            at = self.times[written] = micros(written)
        return at

    def rows(self, blocks: list[tuple["Integers", ...]]) -> CountRows:
        """Join the blocks; series are numbered by name, so that the order of the rows does not matter."""
        import numpy as np

        names = sorted(self.series)
        columns = zip(*blocks, strict=True) if blocks else [[np.zeros(0, dtype=np.int64)]] * 4
        series, at, n, n_negative = map(np.concatenate, columns)
        position = np.zeros(len(names), dtype=np.int64)
        position[[self.series[name] for name in names]] = np.arange(len(names))
        return CountRows(names=tuple(names), series=position[series], at=at, n=n, n_negative=n_negative)


def _plain(file: io.BufferedReader) -> IO[bytes]:
    packed = file.peek(len(_GZIP)).startswith(_GZIP)  # a pipe can't be read twice
    return gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[return-value]  # it reads like any other


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield whole lines, as many as fit into a block; a line longer than that travels alone."""
    rest = b""
    while piece := file.read(BLOCK_BYTES):
        whole, newline, tail = piece.rpartition(b"\n")
        if not newline:
            rest += piece
            continue
        yield rest + whole + newline
        rest = tail
    if rest:
        yield rest


def _columns(text: bytes, *, known: _Known, line: int, path: Path, needs_negatives: bool) -> tuple["Integers", ...]:
    """Return series, times and counts of a block that starts at `line`."""
    text = text.removeprefix(_BOM) if line == 1 else text
    columns = _in_bulk(text, known=known, needs_negatives=needs_negatives)
    return columns if columns is not None else _by_line(text, known=known, line=line, path=path, needs_negatives=needs_negatives)


def _in_bulk(text: bytes, *, known: _Known, needs_negatives: bool) -> tuple["Integers", ...] | None:
    """Return the columns of a block; None unless all of it is as it should be."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import json

    types = [("at", pa.string()), ("series", pa.string()), ("n", pa.int64()), ("n_negative", pa.int64())]
    parsing = json.ParseOptions(explicit_schema=pa.schema(types), unexpected_field_behavior="ignore")
    try:
        table = json.read_json(io.BytesIO(text), read_options=json.ReadOptions(block_size=len(text) + 1), parse_options=parsing)
        if not needs_negatives:
            table = table.set_column(3, "n_negative", pc.fill_null(table["n_negative"], 0))
        if any(column.null_count for column in table.columns):
            return None
        n, n_negative = table["n"].to_numpy(), table["n_negative"].to_numpy()
        if (n_negative < 0).any() or (n_negative > n).any() or (n > MOST).any():
            return None
        small = [one.astype(np.int32) for one in (_coded(table["series"], read=known.number), n, n_negative)]
        return small[0], _coded(table["at"], read=known.time), small[1], small[2]
    except (pa.ArrowInvalid, UnicodeDecodeError, BadRow):
        return None


def _coded(column: Any, *, read: Callable[[str], int]) -> "Integers":
    """Return a column of texts as numbers, reading each distinct text once."""
    import numpy as np

    encoded = column.combine_chunks().dictionary_encode()
    values = np.fromiter((read(text) for text in encoded.dictionary.to_pylist()), dtype=np.int64, count=len(encoded.dictionary))
    codes: NDArray[np.int64] = encoded.indices.to_numpy()
    return values[codes]


def _by_line(text: bytes, *, known: _Known, line: int, path: Path, needs_negatives: bool) -> tuple["Integers", ...]:
    """Return the columns of a block line by line; raise UsageError on the first that can't be read."""
    import numpy as np

    rows: list[tuple[int, int, int, int]] = []
    for number, raw in enumerate(text.split(b"\n"), start=line):
        if not raw.strip():
            continue
        try:
            row = read_row(raw, needs_negatives=needs_negatives)
        except BadRow as error:
            raise UsageError(f"{path}, line {number}: {error}") from None
        rows.append((known.number(row.series), row.at, row.n, row.n_negative))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return tuple(columns.T)
