import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.storable import storable_json

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4)
    ),
)


@given(plain)
def test_storable_json_changes_nothing_that_fits(value: Any) -> None:
    assert storable_json(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (Decimal("1.50"), "1.50"),
        (b"caf\xe9", "caf\ufffd"),
        (("a", 1), ["a", 1]),
        ({1: {"x"}}, {"1": ["x"]}),
        ("\ud83d", "\ufffd"),
    ],
)
def test_storable_json_makes_the_rest_fit(value: Any, expected: Any) -> None:
    assert storable_json(value) == expected
    json.dumps(storable_json(value), allow_nan=False).encode()
