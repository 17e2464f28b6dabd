"""Cut the shipped sample from its two sources: `python -m workers.sample.build --stream FILE --complaints FILE`; nothing is labelled."""

import argparse
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MARKET_FROM, MARKET_UNTIL = "2014-01-13", "2014-01-31"
COMPLAINTS_FROM, COMPLAINTS_UNTIL = "2019-02-01", "2019-08-01"

Row = Mapping[str, Any]


def main() -> None:
    """Write both files into this folder, or the one that `--out` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stream", type=Path, required=True, help="StockNet's messages as JSON lines: id, at, ticker, text")
    parser.add_argument("--complaints", type=Path, required=True, help="complaint narratives as JSON lines: id, at, company, issue, text")
    parser.add_argument("--out", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    _write(chosen.out / "market.jsonl.gz", market(_read(chosen.stream)))
    _write(chosen.out / "complaints.jsonl.gz", complaints(_read(chosen.complaints)))


def market(rows: Iterable[Row]) -> list[Row]:
    """Return every message of the stretch, of every ticker, in the order of time."""
    stretch = sorted((row for row in rows if MARKET_FROM <= row["at"] < MARKET_UNTIL), key=lambda row: (row["at"], row["id"]))
    return [
        {
            "external_id": row["id"],
            "published_at": row["at"],
            "text": row["text"],
            "url": f"https://x.com/i/status/{row['id']}",
            "attributes": {"ticker": row["ticker"]},
        }
        for row in stretch
    ]


def complaints(rows: Iterable[Row]) -> list[Row]:
    """Return every narrative of the stretch in the order of time; the product that the consumer picked is left out."""
    stretch = sorted((row for row in rows if COMPLAINTS_FROM <= row["at"] < COMPLAINTS_UNTIL), key=lambda row: (row["at"], row["id"]))
    return [
        {
            "external_id": row["id"],
            "published_at": f"{row['at']}T00:00:00+00:00",
            "text": row["text"],
            "attributes": {"company": row["company"], "issue": row["issue"]},
        }
        for row in stretch
    ]


def _read(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _write(path: Path, rows: list[Row]) -> None:
    """Write rows as gzipped JSON lines, the same bytes for the same rows."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
