import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workers import counts_file
from workers.counts_file import CountRows, read_counts
from workers.errors import UsageError

ROWS = [
    {"at": f"2026-03-02T12:{minute:02d}:00Z", "series": series, "n": minute, "n_negative": 0}
    for minute in range(0, 60, 5)
    for series in ("card", "app")
]


def test_read_counts_reads_columns_with_series_in_order_of_their_names(tmp_path: Path) -> None:
    read = read_counts(_file(tmp_path, ROWS), needs_negatives=True)

    assert read.names == ("app", "card")
    assert read.series.tolist() == [1, 0] * 12
    assert np.unique(np.diff(np.unique(read.at))).tolist() == [300_000_000]
    assert read.n.tolist() == [row["n"] for row in ROWS]


def test_read_counts_reads_gzip_whatever_the_name(tmp_path: Path) -> None:
    plain = _file(tmp_path, ROWS)
    packed = tmp_path / "counts"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    _assert_same(read_counts(packed, needs_negatives=True), read_counts(plain, needs_negatives=True))


def test_read_counts_copes_line_by_line_with_what_arrow_refuses(tmp_path: Path) -> None:
    odd = [row | {"n": float(row["n"])} if row["n"] == 5 else row for row in ROWS]

    _assert_same(
        read_counts(_file(tmp_path / "odd", odd), needs_negatives=True), read_counts(_file(tmp_path / "even", ROWS), needs_negatives=True)
    )


@pytest.mark.parametrize("block_bytes", [7, 100, 1000])
def test_read_counts_reads_the_same_in_blocks_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    file = _file(tmp_path, ROWS)
    whole = read_counts(file, needs_negatives=True)

    monkeypatch.setattr(counts_file, "BLOCK_BYTES", block_bytes)

    _assert_same(read_counts(file, needs_negatives=True), whole)


@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"n": -1}, "n is -1"), ({"at": "noon"}, "'noon'"), ({"n_negative": 99}, "99 of only"), ({"series": None}, "missing")],
)
def test_read_counts_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int, change: dict[str, Any], complaint: str
) -> None:
    monkeypatch.setattr(counts_file, "BLOCK_BYTES", block_bytes)
    file = _file(tmp_path, [*ROWS[:16], ROWS[16] | change, *ROWS[17:]])

    with pytest.raises(UsageError, match=complaint) as refused:
        read_counts(file, needs_negatives=True)

    assert f"{file}, line 17: " in str(refused.value)


def test_read_counts_passes_over_blank_lines_a_mark_and_windows_endings(tmp_path: Path) -> None:
    file = tmp_path / "counts.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n\r\n".join(json.dumps(row).encode() for row in ROWS))

    _assert_same(read_counts(file, needs_negatives=True), read_counts(_file(tmp_path / "plain", ROWS), needs_negatives=True))


def test_read_counts_of_volume_needs_no_negatives(tmp_path: Path) -> None:
    bare = [{name: row[name] for name in ("at", "series", "n")} for row in ROWS]

    assert not read_counts(_file(tmp_path, bare), needs_negatives=False).n_negative.any()


def test_read_counts_of_nothing_is_nothing(tmp_path: Path) -> None:
    assert read_counts(_file(tmp_path, []), needs_negatives=True).names == ()


def test_read_counts_refuses_a_gzip_file_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "counts.gz"
    file.write_bytes(gzip.compress(json.dumps(ROWS[0]).encode() * 1000)[:-12])

    with pytest.raises(UsageError, match="no whole gzip file"):
        read_counts(file, needs_negatives=True)


def _file(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "counts.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def _assert_same(one: CountRows, other: CountRows) -> None:
    assert one.names == other.names
    for name in ("series", "at", "n", "n_negative"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
