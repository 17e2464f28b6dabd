import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workers.errors import UsageError
from workers.replay_counts import CountedIncident, replay_counts
from workers.rules_file import read_rules

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS, TURNS_AT = 14, 250
"""Days of hourly counts, and the hour in which `card` turns for four hours."""

Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return counted(width=HOUR, n_buckets=24 * DAYS, turns_at=TURNS_AT)


def test_replay_counts_finds_the_turn_and_nothing_else(tmp_path: Path, rows: list[Row]) -> None:
    [found] = replay_counts(_file(tmp_path, rows), metric="share")

    assert (found.series, found.metric) == ("card", "share")
    assert START + HOUR * (TURNS_AT + 1) <= found.opened_at <= START + HOUR * (TURNS_AT + 2)
    assert found.resolved_at
    assert found.opened_at <= found.peak_at <= found.resolved_at
    assert found.observed > 2 * found.expected
    assert 0 < found.p_value < 1e-6


@pytest.mark.parametrize("metric", ["negatives", "volume"])
def test_replay_counts_judges_counts_too(tmp_path: Path, metric: Any) -> None:
    rows = counted(width=HOUR, n_buckets=24 * DAYS, turns_at=TURNS_AT, swells=metric == "volume")

    [found] = replay_counts(_file(tmp_path, rows), metric=metric)

    assert (found.series, found.metric) == ("card", metric)
    assert found.observed > 2 * found.expected > 10


def test_replay_counts_never_looks_ahead(tmp_path: Path, rows: list[Row]) -> None:
    [found] = replay_counts(_file(tmp_path, rows), metric="share")
    until = found.opened_at.isoformat()

    [early] = replay_counts(_file(tmp_path, [row for row in rows if row["at"] < until]), metric="share")

    assert (early.series, early.opened_at, early.resolved_at) == (found.series, found.opened_at, None)
    assert not replay_counts(_file(tmp_path, [row for row in rows if row["at"] < (found.opened_at - HOUR).isoformat()]), metric="share")


def test_replay_counts_finds_the_same_in_rows_shuffled_and_sent_twice(tmp_path: Path, rows: list[Row]) -> None:
    order = np.random.default_rng(5).permutation(len(rows))

    shuffled = replay_counts(_file(tmp_path, [*(rows[index] for index in order), *rows[:50]]), metric="share")

    assert shuffled == replay_counts(_file(tmp_path, rows), metric="share")


@pytest.mark.parametrize("width", [timedelta(minutes=30), timedelta(hours=6), DAY])
def test_replay_counts_judges_buckets_of_any_width(tmp_path: Path, width: timedelta) -> None:
    turns_at = max(80, DAY * 5 // width)
    rows = counted(width=width, n_buckets=turns_at + 10, turns_at=turns_at)

    found = replay_counts(_file(tmp_path, rows), metric="share")

    assert {one.series for one in found} == {"card"}
    assert START + width * (turns_at + 1) <= found[0].opened_at <= START + width * (turns_at + 3)


def test_replay_counts_keeps_to_where_the_rows_lie(tmp_path: Path, rows: list[Row]) -> None:
    shift = timedelta(minutes=42, seconds=53)
    [found] = replay_counts(_file(tmp_path, rows), metric="share")

    shifted = [row | {"at": (datetime.fromisoformat(row["at"]) + shift).strftime("%Y-%m-%d %H:%M:%S")} for row in rows]
    [late] = replay_counts(_file(tmp_path, shifted), metric="share")

    assert late.opened_at == found.opened_at + shift


def test_replay_counts_bridges_the_decades_behind_a_wrong_date(tmp_path: Path, rows: list[Row]) -> None:
    [found] = replay_counts(_file(tmp_path, rows), metric="share")
    astray = [row for row in rows[:2] for row in (row | {"at": "1970-01-01T00:00:00Z"}, row | {"at": "2070-01-01T00:00:00Z"})]

    assert replay_counts(_file(tmp_path, [*rows, *astray]), metric="share") == (found,)


def test_replay_counts_judges_by_the_rules_of_a_file(tmp_path: Path, rows: list[Row]) -> None:
    deaf = _rules(tmp_path, '[alerts.rules.deaf]\nmetric = "share"\nmin_ratio = 100\n[alerts.rules.other]\nmetric = "volume"')

    assert not replay_counts(_file(tmp_path, rows), metric="share", rules=read_rules(deaf))


def test_replay_counts_makes_one_incident_of_what_two_rules_find_in_a_series(tmp_path: Path, rows: list[Row]) -> None:
    both = _rules(tmp_path, '[alerts.rules.one]\n[alerts.rules.two]\nwindow = "PT2H"')

    [found] = replay_counts(_file(tmp_path, rows), metric="share", rules=read_rules(both))

    assert found.series == "card"


def test_replay_counts_refuses_a_window_shorter_than_a_bucket_and_rules_of_other_metrics(tmp_path: Path, rows: list[Row]) -> None:
    counts = _file(tmp_path, rows)

    with pytest.raises(UsageError, match="line 2: rule a: window: PT15M is shorter than a bucket of PT1H"):
        replay_counts(counts, metric="share", rules=read_rules(_rules(tmp_path, '[alerts.rules.a]\nwindow = "PT15M"')))
    with pytest.raises(UsageError, match="no rule watches volume"):
        replay_counts(counts, metric="volume", rules=read_rules(_rules(tmp_path, "[alerts.rules.a]")))


def test_replay_counts_of_nothing_or_of_one_row_finds_nothing(tmp_path: Path, rows: list[Row]) -> None:
    assert replay_counts(_file(tmp_path, []), metric="share") == ()
    assert replay_counts(_file(tmp_path, rows[:1]), metric="volume") == ()


def counted(*, width: timedelta, n_buckets: int, turns_at: int, swells: bool = False) -> list[Row]:
    """Return rows of four calm series of some 60 records a bucket, a fifth of them negative; `card` turns, or swells, for four buckets."""
    randoms = np.random.default_rng(17)
    rows = []
    for series in ("app", "card", "phone", "shop"):
        n = randoms.poisson(60, n_buckets)
        turned = slice(turns_at, turns_at + 4)
        if series == "card" and swells:
            n[turned] *= 5
        share = np.full(n_buckets, 0.2)
        if series == "card" and not swells:
            share[turned] = 0.75
        rows += _rows(series, n=n, n_negative=randoms.binomial(n, share), width=width)
    return rows


def _rows(series: str, *, n: Sequence[int], n_negative: Sequence[int], width: timedelta) -> list[Row]:
    at = ((START + width * index).isoformat() for index in range(len(n)))
    columns = zip(at, n, n_negative, strict=True)
    return [{"at": time, "series": series, "n": int(all_), "n_negative": int(negative)} for time, all_, negative in columns]


def _file(folder: Path, rows: list[Row]) -> Path:
    file = folder / "counts.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def _rules(folder: Path, text: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(text)
    return file


def test_counted_incident_has_the_fields_that_are_printed() -> None:
    assert list(CountedIncident.__dataclass_fields__) == [
        "series",
        "opened_at",
        "resolved_at",
        "peak_at",
        "metric",
        "observed",
        "expected",
        "p_value",
    ]
