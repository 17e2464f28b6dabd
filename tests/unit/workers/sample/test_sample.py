import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.quarantine import Reject
from workers.readers import open_rows
from workers.sample import build
from workers.validation import Defaults, validated

FILES = {"market.jsonl.gz": 2_097, "complaints.jsonl.gz": 626}


@pytest.mark.parametrize(("name", "n_records"), FILES.items())
def test_sample_is_valid_for_intake_in_order_and_without_doubles(name: str, n_records: int) -> None:
    defaults = Defaults(received_at=datetime.now(UTC), max_bytes=1 << 20)

    with open_rows(str(build.FOLDER / name), max_bytes=1 << 20) as rows:
        records = [validated(row, defaults=defaults) for row in rows if not isinstance(row, Reject)]

    good = [record for record in records if not isinstance(record, Reject)]
    assert len(good) == len(records) == len({record.external_id for record in good}) == n_records
    assert [record.published_at for record in good] == sorted(record.published_at for record in good)


def test_sample_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in build.FOLDER.iterdir() if path.is_file()) <= 2 << 20


@pytest.mark.parametrize(("name", "n_records"), FILES.items())
def test_readme_tells_the_number_of_records(name: str, n_records: int) -> None:
    [line] = [line for line in (build.FOLDER / "README.md").read_text().splitlines() if line.startswith(f"| `{name}`")]

    assert f"| {n_records:,} |" in line


def test_build_takes_a_whole_stretch_in_order_and_changes_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = [
        {"id": "3", "at": "2014-01-14T00:00:00+00:00", "ticker": "FB", "text": "later"},
        {"id": "2", "at": "2014-01-13T00:00:00+00:00", "ticker": "AAPL", "text": "RT: first &amp; odd…"},
        {"id": "9", "at": "2014-01-31T00:00:00+00:00", "ticker": "AAPL", "text": "after the stretch"},
    ]
    narratives = [
        {"id": "5", "at": "2019-02-01", "company": "A BANK", "issue": "Fees", "text": "They charged me.", "label": "bank_account"}
    ]
    arguments = [str(_write(tmp_path / "stream.gz", stream)), str(_write(tmp_path / "complaints.gz", narratives))]
    monkeypatch.setattr("sys.argv", ["build", "--stream", arguments[0], "--complaints", arguments[1], "--out", str(tmp_path)])

    build.main()

    market = _read(tmp_path / "market.jsonl.gz")
    [complaint] = _read(tmp_path / "complaints.jsonl.gz")
    assert [(row["external_id"], row["text"]) for row in market] == [("2", "RT: first &amp; odd…"), ("3", "later")]
    assert complaint["published_at"] == "2019-02-01T00:00:00+00:00"
    assert "bank_account" not in json.dumps(complaint)


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return path


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
