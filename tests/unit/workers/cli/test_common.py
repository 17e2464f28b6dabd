import sys
from typing import Any

import pytest

from workers.cli.common import print_table

ROWS: list[dict[str, Any]] = [
    {
        "source": "support-mail",
        "topic": "transaction_charged_twice",
        "n_records": 1234,
        "negative": "50%",
        "detail": "a sentence that is long enough",
    },
    {"source": "[/wire]", "topic": "earn\x1bings", "n_records": None, "negative": "0%", "detail": "no"},
]
COLUMNS = ("source", "topic", "n_records", "negative", "detail")


def test_print_table_folds_nothing_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{**ROWS[0], "detail": "long " * 60}], columns=COLUMNS)

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_print_table_takes_no_cell_for_markup_or_control(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(ROWS, columns=COLUMNS)

    shown = capsys.readouterr().out
    assert "[/wire]" in shown
    assert "earn\ufffdings" in shown


def test_print_table_folds_only_its_widest_column_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")

    print_table(ROWS, columns=COLUMNS)

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("support-mail  transaction_charged_twice    1,234       50%" in line for line in lines)


def test_print_table_heads_narrow_columns_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, Any]] = [{"entity_group": "ORG"}]

    print_table(rows, columns=("entity_group",))

    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["entity", "group", "ORG"]
