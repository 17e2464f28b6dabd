"""Whatever people send is stored as it came, or kept in quarantine with its reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from db.engine import transaction
from workers.intake import submit
from workers.readers import open_rows

STORED = {
    "emoji": "🎉 we won 👩‍👩‍👧‍👦 $ACME 🏳️‍🌈",
    "right-to-left": "مرحبا \u202eabc\u202c שלום",
    "html": "<p>5 &lt; 6 &amp; <b>more</b></p><script>alert(1)</script>",
    "mojibake": "The â€œgoodâ€\x9d news of MÃ¼ller",
    "long": "word " * 100_000,
    "line breaks": "a\r\nb\u2028c\x85d",
    "combining": "Zalgo\u0301\u0302\u0303",
    "one character": "x",
}


def one_line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.fixture
def odd_file(tmp_path: Path) -> Path:
    lines = [one_line({"external_id": name, "text": value}) for name, value in STORED.items()]
    lines += [
        one_line({"external_id": "empty", "text": ""}),
        one_line({"external_id": "blank", "text": " \t "}),
        b'{"external_id": "nul", "text": "a\\u0000b"}',
        b'{"external_id": "half", "text": "half an emoji \\ud83d"}',
        b'{"external_id": "latin", "text": "caf\xe9"}',
        b'{"external_id": "huge", "text": "' + b"x" * (2 << 20) + b'"}',
        b'{"external_id": "cut", "text": "ab',
        b'{"external_id": "raw nul", "text": "a\x00b"}',
    ]
    path = tmp_path / "odd.jsonl"
    path.write_bytes(b"\n".join(lines))
    return path


def test_submit_stores_or_quarantines_every_odd_text(engine: Engine, odd_file: Path, redis_url: str) -> None:
    with open_rows(str(odd_file), max_bytes=1 << 20) as rows:
        receipt = submit(engine, rows)

    with transaction(engine) as session:
        stored = {row.external_id: row.text for row in session.execute(text("SELECT external_id, text FROM record"))}
        kept = {
            row.line: row for row in session.execute(text("SELECT line, reason, detail, octet_length(payload) AS n_bytes FROM quarantine"))
        }
    assert stored == STORED | {"nul": "a\ufffdb", "half": "half an emoji \ufffd"}
    n = len(STORED)
    assert {line: row.reason for line, row in kept.items()} == {
        n + 1: "no_text",
        n + 2: "no_text",
        n + 5: "not_utf8",
        n + 6: "too_large",
        n + 7: "broken_json",
        n + 8: "broken_json",
    }
    assert all(row.detail and row.n_bytes for row in kept.values())
    assert kept[n + 6].n_bytes < 1 << 20
    assert (receipt.n_new, receipt.n_rejected) == (n + 2, 6)
