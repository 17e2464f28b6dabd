import pytest

from db.quarantine import Reject
from workers.errors import UsageError
from workers.readers.mapping import mapped_rows, parse_mapping
from workers.readers.rows import Row


def test_parse_mapping_reads_pairs() -> None:
    assert parse_mapping("text=body, published_at=created") == {"text": "body", "published_at": "created"}
    assert parse_mapping(None) == {}


@pytest.mark.parametrize(("text", "said"), [("body=text", "no field"), ("text", "FIELD=COLUMN"), ("text=", "FIELD=COLUMN")])
def test_parse_mapping_refuses_what_is_no_pair(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_mapping(text)


def test_mapped_rows_renames_columns_and_passes_rejects_on() -> None:
    bad = Reject(line=2, reason="broken_json", detail="broken", payload=b"", external_id=None)

    rows = list(mapped_rows([Row(1, {"body": "hello", "n": 1}), bad], mapping={"text": "body"}, fixed_columns=False))

    assert rows == [Row(1, {"n": 1, "text": "hello"}), bad]


def test_mapped_rows_keeps_a_column_whose_name_was_taken() -> None:
    (row,) = mapped_rows([Row(1, {"body": "hello", "text": "short"})], mapping={"text": "body"}, fixed_columns=True)

    assert isinstance(row, Row)
    assert row.fields == {"text": "hello", "text_column": "short"}


def test_mapped_rows_names_the_columns_there_are() -> None:
    with pytest.raises(UsageError, match="found: id, message"):
        mapped_rows([Row(1, {"id": 1, "message": "hello"})], mapping={"text": "body"}, fixed_columns=False)


def test_mapped_rows_accepts_a_column_that_only_some_rows_have() -> None:
    rows = list(mapped_rows([Row(1, {"text": "a"}), Row(2, {"text": "b", "who": "c"})], mapping={"author": "who"}, fixed_columns=False))

    assert [row.fields["author"] for row in rows if isinstance(row, Row)] == [None, "c"]


def test_mapped_rows_says_at_once_that_a_table_has_no_text() -> None:
    with pytest.raises(UsageError, match="--map text="):
        mapped_rows([Row(1, {"message": "hello"})], mapping={}, fixed_columns=True)
