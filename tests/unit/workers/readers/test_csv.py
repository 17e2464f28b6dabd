import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.csv import read_csv
from workers.readers.rows import Row

LIMIT = 1 << 20


def read(content: bytes, *, max_bytes: int = LIMIT) -> list[Row | Reject]:
    return list(read_csv(io.BytesIO(content), max_bytes=max_bytes))


def told(rows: list[Row | Reject]) -> list[tuple[int | None, str]]:
    return [(row.line, row.fields["text"] if isinstance(row, Row) else row.reason) for row in rows]


def test_read_csv_keeps_quotes_delimiters_and_line_breaks_inside_fields() -> None:
    rows = read(b'\xef\xbb\xbfid,text\r\n1,"He said ""no"", twice\r\nand left"\r\n2,plain\r\n')

    assert told(rows) == [(2, 'He said "no", twice\r\nand left'), (4, "plain")]


@pytest.mark.parametrize("content", [b"id;text\n1;hello, world\n", b"id\ttext\n1\thello, world\n"])
def test_read_csv_finds_the_delimiter_in_the_header(content: bytes) -> None:
    assert told(read(content)) == [(2, "hello, world")]


def test_read_csv_refuses_only_the_line_that_is_not_utf8() -> None:
    rows = read(b"id,text\n1,caf\xe9\n2,fine\n")

    assert told(rows) == [(2, "not_utf8"), (3, "fine")]
    assert isinstance(rows[0], Reject)
    assert rows[0].payload == b"1,caf\xe9"


def test_read_csv_refuses_a_line_with_more_fields_than_columns() -> None:
    assert told(read(b"id,text\n1,one,two\n2,fine\n")) == [(2, "broken_csv"), (3, "fine")]


def test_read_csv_takes_a_line_with_missing_last_fields() -> None:
    (row,) = read(b"text,title,url\nhello\n")

    assert isinstance(row, Row)
    assert row.fields == {"text": "hello", "title": None, "url": None}


@pytest.mark.parametrize("ending", ["", '"x'])
def test_read_csv_loses_only_the_line_whose_quote_is_never_closed(ending: str) -> None:
    rows = read(f'id,text\n1,"open\n2,fine\n3,fine too\n4,last{ending}\n'.encode())

    assert told(rows)[:3] == [(2, "broken_csv"), (3, "fine"), (4, "fine too")]
    assert len(rows) == 4


def test_read_csv_gives_up_on_an_open_quote_at_the_limit() -> None:
    rows = read(b'id,text\n1,"open\n' + b"2,fine\n" * 100, max_bytes=300)

    assert told(rows) == [(2, "broken_csv")] + [(number, "fine") for number in range(3, 103)]


def test_read_csv_refuses_an_overlong_line_and_reads_on() -> None:
    rows = read(b"id,text\n1," + b"x" * 5000 + b"\n2,fine\n", max_bytes=1000)

    assert told(rows) == [(2, "too_large"), (3, "fine")]


def test_read_csv_reads_a_long_field_of_many_lines() -> None:
    text = "\n" * 200_000

    (row,) = read(f'text\n"{text}"\n'.encode())

    assert isinstance(row, Row)
    assert row.fields["text"] == text


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"text,text\na,b\n", "twice"), (b"t\xe9xt\n", "not UTF-8"), (b'"text\nx\n', "line breaks"), (b"x" * 2_000_000, "too long")],
)
def test_read_csv_refuses_a_header_that_names_no_columns(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(content)


def test_read_csv_of_nothing_is_nothing() -> None:
    assert read(b"") == []
    assert read(b"text\n") == []


@given(st.lists(st.tuples(st.text(), st.text(min_size=1)), max_size=20))
def test_read_csv_gives_back_what_the_standard_library_wrote(values: list[tuple[str, str]]) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("title", "text"), *values])

    rows = read(written.getvalue().encode())

    assert [(row.fields["title"], row.fields["text"]) for row in rows if isinstance(row, Row)] == values
