import gzip
import io
import json
from typing import IO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.quarantine import Reject
from workers.readers.jsonl import parse_object, read_jsonl
from workers.readers.rows import KEPT_BYTES, Row, Unreadable, read_lines

LIMIT = 1 << 20


def read(content: bytes, *, max_bytes: int = LIMIT) -> list[Row | Reject]:
    return list(read_jsonl(io.BytesIO(content), max_bytes=max_bytes))


def test_read_jsonl_yields_rows_with_their_line_numbers() -> None:
    rows = read(b'\xef\xbb\xbf{"text": "one"}\n\n{"text": "two"}\r\n{"text": "three"}')

    assert [(row.line, row.fields["text"]) for row in rows if isinstance(row, Row)] == [(1, "one"), (3, "two"), (4, "three")]


@pytest.mark.parametrize(
    ("raw", "reason", "said"),
    [
        (b'{"text": ', "broken_json", "column"),
        (b'{"text": NaN}', "broken_json", "NaN"),
        (b'{"n": ' + b"9" * 5000 + b"}", "broken_json", "integer"),
        (b"[" * 100_000, "broken_json", "nested"),
        (b'["text"]', "not_an_object", "a list"),
        (b"17", "not_an_object", "a number"),
        (b'{"text": "caf\xe9"}', "not_utf8", "0xe9"),
        ('{"text": "utf-16"}'.encode("utf-16"), "not_utf8", "UTF-16"),
    ],
)
def test_read_jsonl_refuses_a_bad_line_and_reads_on(raw: bytes, reason: str, said: str) -> None:
    first, second = read(raw.replace(b"\n", b" ") + b'\n{"text": "next"}\n')

    assert isinstance(first, Reject)
    assert (first.line, first.reason) == (1, reason)
    assert said in first.detail
    assert first.payload == raw
    assert isinstance(second, Row)


def test_read_jsonl_never_holds_an_overlong_line_whole() -> None:
    class Counted(io.BytesIO):
        longest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            piece = super().readline(size)
            Counted.longest = max(Counted.longest, len(piece))
            return piece

    line = b'{"text": "' + b"x" * (8 << 20) + b'"}'

    first, second = read_jsonl(Counted(line + b'\n{"text": "next"}\n'), max_bytes=LIMIT)

    assert isinstance(first, Reject)
    assert first.reason == "too_large"
    assert f"{len(line):,}" in first.detail
    assert first.payload == line[:KEPT_BYTES]
    assert isinstance(second, Row)
    assert Counted.longest <= LIMIT + 2


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.booleans() | st.none())))
def test_read_jsonl_gives_back_every_object_that_was_written(objects: list[dict[str, object]]) -> None:
    content = "\n".join(json.dumps(one, ensure_ascii=False).replace("\u2028", "\\u2028") for one in objects).encode(
        "utf-8", "surrogatepass"
    )

    rows = read(content)

    assert [row.fields if isinstance(row, Row) else None for row in rows] == objects


@given(st.binary(max_size=400), st.integers(1, 50))
def test_read_lines_loses_no_line_whatever_the_bytes(content: bytes, limit: int) -> None:
    lines = list(read_lines(io.BytesIO(content), max_bytes=limit))

    expected = io.BytesIO(content).readlines()
    assert [line.number for line in lines] == list(range(1, len(expected) + 1))
    for line, whole in zip(lines, expected, strict=True):
        assert line.raw == whole or (line.n_bytes > limit and whole.startswith(line.raw))


def test_parse_object_says_which_line_of_a_longer_text_is_broken() -> None:
    with pytest.raises(Unreadable, match="line 2 column"):
        parse_object(b'{"text":\n nonsense}')


def test_read_jsonl_reads_a_compressed_stream() -> None:
    packed = io.BytesIO(gzip.compress(b'{"text": "one"}\n'))

    with gzip.open(packed) as stream:
        rows = list(read_jsonl(cast("IO[bytes]", stream), max_bytes=LIMIT))

    assert len(rows) == 1
