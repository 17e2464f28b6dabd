import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from db.incidents import Standing

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_list_says_from_what_to_what_in_the_metrics_own_words(opened: Callable[..., int], run: Callable[..., Any]) -> None:
    opened()
    opened(metric="negatives", observed=33, expected=1.94)
    opened(metric="volume", observed=1200, expected=100)
    opened(metric="silence", dimension="source", key="", observed=0, expected=12)

    shown = run("list").stdout

    for said in ("18% -> 46%", "1.9 -> 33 negatives", "100.0 -> 1,200 records", "no records"):
        assert said in shown


def test_list_shows_severity_and_silence_and_filters_by_severity(opened: Callable[..., int], run: Callable[..., Any]) -> None:
    opened(standing=Standing(severity="critical"))
    opened(standing=Standing(silenced_at=NOON))

    assert "firing, silenced  warning" in run("list").stdout
    [row] = json.loads(run("list", "--severity", "critical", "--json").stdout)
    assert (row["severity"], row["n_parts"], row["told_at"]) == ("critical", 0, None)
    assert run("list", "--severity", "bad").exit_code == 2


def test_list_as_csv_has_a_column_a_figure(opened: Callable[..., int], run: Callable[..., Any]) -> None:
    opened()

    head, row = run("list", "--format", "csv").stdout.splitlines()

    assert head.startswith("incident,state,severity,source,series,n_parts,opened_at,metric,")
    assert row.startswith("1,firing,warning,wire-0,$AAPL,0,2026-03-02 12:00:00+00:00,share,")


def test_list_names_the_day_of_what_is_old_and_the_time_of_what_is_not(opened: Callable[..., int], run: Callable[..., Any]) -> None:
    opened(opened_at=datetime(2014, 9, 3, 19, tzinfo=UTC))
    now = datetime.now(UTC)
    opened(opened_at=now)

    shown = run("list").stdout

    assert "2014-09-03" in shown
    assert f"{now:%m-%d %H:%M}" in shown
