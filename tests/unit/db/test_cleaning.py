import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from db.cleaning import clean, clean_or_none, to_json

any_text = st.text(st.characters(exclude_categories=[]))
any_json = st.recursive(
    st.none() | st.booleans() | st.floats() | any_text,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(any_text, one, max_size=3),
    max_leaves=4,
)


@given(any_text)
def test_clean_keeps_every_offset_and_fits_postgres(text: str) -> None:
    cleaned = clean(text)

    cleaned.encode()
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)
    assert all(after in (before, "\ufffd") for before, after in zip(text, cleaned, strict=True))


def test_clean_or_none_passes_none() -> None:
    assert clean_or_none(None) is None
    assert clean_or_none("\x00") == "\ufffd"


@given(st.dictionaries(any_text, any_json, max_size=3))
def test_to_json_is_strict_json_that_jsonb_takes(values: dict[str, Any]) -> None:
    def refuse(_: str) -> None:
        raise AssertionError

    text = to_json(values)

    json.dumps(json.loads(text, parse_constant=refuse), ensure_ascii=False).encode()
    assert "\\u0000" not in text.replace("\\\\", "")


def test_to_json_leaves_plain_values_alone() -> None:
    values = {"a": [1, 2.5, None, True, {"b": "ü NaN"}]}

    assert json.loads(to_json(values)) == values
