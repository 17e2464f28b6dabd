import json
from typing import Any

import pytest

from workers.count_rows import BadRow, CountRow, read_row

NOON = 1_772_452_800_000_000
GOOD = {"at": "2026-03-02T12:00:00Z", "series": "card", "n": 12, "n_negative": 3}


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02 12:00:00",
        "2026-03-02T13:00:00+01:00",
        "2026-03-02T12:00:00.000Z",
        1_772_452_800,
        1_772_452_800_000,
    ],
)
def test_read_row_takes_a_time_however_it_is_written(written: object) -> None:
    assert _read(at=written) == CountRow(at=NOON, series="card", n=12, n_negative=3)


def test_read_row_takes_times_to_come_and_counts_with_a_point() -> None:
    row = _read(at="2126-03-02T12:00:00Z", n=12.0, series=7, note="more is passed over")

    assert (row.series, row.n) == ("7", 12)


def test_read_row_leaves_out_negatives_only_where_nobody_needs_them() -> None:
    raw = json.dumps(GOOD | {"n_negative": None}).encode()

    assert read_row(raw, needs_negatives=False).n_negative == 0
    with pytest.raises(BadRow, match='"n_negative" is missing'):
        read_row(raw, needs_negatives=True)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"n": -3}, "n is -3: a count can't be negative; write 0"),
        ({"n_negative": -1}, "n_negative is -1"),
        ({"n_negative": 13}, "n_negative is 13 of only 12 records"),
        ({"n": 1.5}, "n is 1.5: write a whole number"),
        ({"n": "12"}, "n is '12': write a whole number"),
        ({"n": True}, "write a whole number"),
        ({"n": 1 << 40}, "write a whole number"),
        ({"n": None}, '"n" is missing; the row has at, n, n_negative, series'),
        ({"at": "noon"}, "at: can't read 'noon' as a time; write it as 2026-01-31T12:00:00Z"),
        ({"at": None}, '"at" is missing'),
        ({"series": ["card"]}, "write the name of the series"),
    ],
)
def test_read_row_says_what_is_wrong_and_the_mend(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadRow) as refused:
        _read(**change)

    assert complaint in str(refused.value)


@pytest.mark.parametrize(("raw", "complaint"), [(b"{", "broken JSON"), (b"[1]", "not a JSON object but a list"), (b"\xff{}", "not UTF-8")])
def test_read_row_shows_what_a_row_looks_like_where_there_is_none(raw: bytes, complaint: str) -> None:
    with pytest.raises(BadRow, match=complaint) as refused:
        read_row(raw, needs_negatives=True)

    assert '{"at": ..., "series": ...' in str(refused.value)


def _read(**change: object) -> CountRow:
    return read_row(json.dumps(GOOD | change).encode(), needs_negatives=True)
