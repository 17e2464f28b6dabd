from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.quarantine import Reject
from pipelines.records import Kind, Record
from workers.readers.rows import Row, Unreadable
from workers.validation import Defaults, content_id, to_record, validated

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DEFAULTS = Defaults(received_at=NOW, max_bytes=1 << 20)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = (
    st.sampled_from(["text", "title", "external_id", "published_at", "source", "kind", "language", "url", "author", "attributes"])
    | st.text()
)


def test_to_record_takes_every_field_and_keeps_the_unknown_ones() -> None:
    record = to_record(
        {
            "text": "Profits fell. ",
            "title": "Acme",
            "external_id": 17,
            "published_at": "2026-01-02T03:04:05+01:00",
            "source": "desk",
            "kind": "Support",
            "language": "en-GB",
            "url": "https://example.com/17",
            "author": "A. Writer",
            "attributes": {"desk": "north"},
            "ticker": "ACM",
            "empty": "",
        },
        defaults=DEFAULTS,
    )

    assert record == Record(
        source="desk",
        external_id="17",
        kind=Kind.SUPPORT,
        text="Profits fell. ",
        published_at=datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC),
        title="Acme",
        language="en-GB",
        url="https://example.com/17",
        author="A. Writer",
        attributes={"desk": "north", "ticker": "ACM"},
    )


def test_to_record_fills_in_what_is_missing() -> None:
    record = to_record({"text": "hello", "published_at": "", "kind": None}, defaults=DEFAULTS)

    assert (record.source, record.kind, record.published_at) == ("default", Kind.NEWS, NOW)
    assert record.external_id == content_id("hello", None, None, None, None)


def test_to_record_lets_the_caller_win_and_keeps_the_rows_own_word() -> None:
    defaults = Defaults(received_at=NOW, max_bytes=1 << 20, source="desk", kind=Kind.SUPPORT)

    record = to_record({"text": "hello", "source": "Reuters", "kind": "support"}, defaults=defaults)

    assert (record.source, record.kind) == ("desk", Kind.SUPPORT)
    assert record.attributes == {"source": "Reuters"}


def test_to_record_knows_a_sources_kind() -> None:
    defaults = Defaults(received_at=NOW, max_bytes=1 << 20, kinds={"calls": Kind.SUPPORT})

    assert to_record({"text": "hello", "source": "calls"}, defaults=defaults).kind is Kind.SUPPORT


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم", "🎉👩‍👩‍👧", "Ã¼ber", "<p>5 &lt; 6 &amp; more</p>", "\u200f\u202eabc", "a\u0301", "x" * 400_000]
)
def test_to_record_passes_odd_texts_as_they_came(text: str) -> None:
    assert to_record({"text": text}, defaults=DEFAULTS).text == text


def test_to_record_replaces_what_no_database_holds_one_for_one() -> None:
    record = to_record({"text": "a\x00b\ud83dc", "title": "t\x00", "note": {"k\x00": "v\x00"}}, defaults=DEFAULTS)

    assert (record.text, record.title, record.attributes) == ("a\ufffdb\ufffdc", "t\ufffd", {"note": {"k\ufffd": "v\ufffd"}})


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({}, "no_text", "none at all"),
        ({"body": "hello"}, "no_text", "among body"),
        ({"text": None}, "no_text", "no text"),
        ({"text": " \n\t\u3000"}, "no_text", "white space"),
        ({"text": float("nan")}, "no_text", "no text"),
        ({"text": ["a", "b"]}, "bad_field", "list"),
        ({"text": 17}, "bad_field", "int"),
        ({"text": "a", "published_at": "soon"}, "bad_time", "'soon'"),
        ({"text": "a", "published_at": "2999-01-01"}, "bad_time", "future"),
        ({"text": "a", "kind": "sports"}, "bad_field", "'sports'"),
        ({"text": "a", "title": {"en": "b"}}, "bad_field", "title"),
        ({"text": "a", "external_id": "i" * 1_001}, "bad_field", "external_id"),
        ({"text": "a", "source": "s" * 201}, "bad_field", "source"),
        ({"text": "a", "source": "two\nlines"}, "bad_field", "source"),
        ({"text": "a", "attributes": "no json"}, "bad_field", "attributes"),
        ({"text": "a", "attributes": [1]}, "bad_field", "attributes"),
        ({"text": "x" * (1 << 20) + "y"}, "too_large", "1,048,577"),
        ({"text": "a", "note": "x" * (1 << 20)}, "too_large", "MAX_RECORD_BYTES"),
    ],
)
def test_to_record_says_why_a_row_is_no_record(fields: dict[str, Any], reason: str, said: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        to_record(fields, defaults=DEFAULTS)

    assert refusal.value.reason == reason
    assert said in refusal.value.detail


def test_to_record_refuses_attributes_without_end() -> None:
    nested: dict[str, Any] = {}
    for _ in range(2_000):
        nested = {"in": nested}

    with pytest.raises(Unreadable, match="64 deep"):
        to_record({"text": "a", "note": nested}, defaults=DEFAULTS)


def test_to_record_reads_attributes_that_a_csv_holds_as_json() -> None:
    assert to_record({"text": "a", "attributes": '{"k": 1}'}, defaults=DEFAULTS).attributes == {"k": 1}


def test_to_record_keeps_a_language_that_is_no_code_as_an_attribute() -> None:
    record = to_record({"text": "a", "language": "British English"}, defaults=DEFAULTS)

    assert record.language is None
    assert record.attributes == {"language": "British English"}


def test_validated_keeps_the_row_as_it_came() -> None:
    reject = validated(Row(7, {"text": "", "external_id": "id-7"}, b"the line"), defaults=DEFAULTS)

    assert reject == Reject(line=7, reason="no_text", detail="no text", payload=b"the line", external_id="id-7")


@given(st.dictionaries(names, values, max_size=6))
def test_validated_never_fails_whatever_the_fields(fields: dict[str, Any]) -> None:
    result = validated(Row(1, fields), defaults=DEFAULTS)

    if isinstance(result, Record):
        assert result.text.strip()
        assert result.published_at.tzinfo is UTC
        assert "\x00" not in result.text
        result.text.encode()
    else:
        assert result.reason in {"no_text", "bad_time", "bad_field", "too_large"}


@given(st.text(min_size=1), st.text(min_size=1))
def test_content_id_tells_contents_apart(one: str, other: str) -> None:
    assert (content_id(one) == content_id(other)) == (one == other)
    assert content_id(one, None) != content_id(one, "")
