import json
from collections.abc import Callable
from typing import Any

import pytest

from workers.errors import Conflict, NotFound, UsageError

Run = Callable[..., Any]


def test_silence_is_added_with_and_without_saying_add(run: Run) -> None:
    for words in (("silence",), ("silence", "add")):
        result = run(*words, "--key", "TICKER:*", "--for", "12h", "--reason", "earnings day", "--by", "ana")
        assert result.exit_code == 0
        assert result.stdout.startswith("silence ")

    rows = json.loads(run("silence", "list", "--json").stdout)
    assert [(one["silence"], one["state"], one["matches"], one["author"], one["reason"]) for one in rows] == [
        (number, "active", {"key": "TICKER:*"}, "ana", "earnings day") for number in (2, 1)
    ]


def test_silence_starts_when_it_is_asked_to(run: Run) -> None:
    run("silence", "add", "--source", "wire", "--from", "2999-01-01", "--for", "1d", "--reason", "the move")

    [row] = json.loads(run("silence", "list", "--json").stdout)
    assert (row["state"], row["starts_at"], row["ends_at"]) == ("pending", "2999-01-01 00:00:00+00:00", "2999-01-02 00:00:00+00:00")


def test_silence_list_shows_what_is_not_over_unless_asked_for_all(run: Run) -> None:
    assert "no silences" in run("silence", "list").stderr
    run("silence", "--source", "wire", "--metric", "share", "--reason", "known", "--by", "ana")
    assert "metric=share source=wire" in run("silence", "list").stdout

    assert run("silence", "end", "1", "--by", "bo").stdout == "silence 1 ended\n"

    assert "no silences" in run("silence", "list").stderr
    shown = run("silence", "list", "--all", "--format", "csv").stdout
    assert "1,over,metric=share source=wire," in shown
    assert ",bo,ana,known" in shown


def test_silence_end_of_what_is_over_or_never_was_is_refused(run: Run) -> None:
    run("silence", "--source", "wire", "--reason", "known")
    run("silence", "end", "1")

    assert isinstance(run("silence", "end", "1").exception, Conflict)
    assert isinstance(run("silence", "end", "9").exception, NotFound)


@pytest.mark.parametrize(
    "options",
    [
        ("--reason", "peace"),
        ("--reason", " ", "--source", "wire"),
        ("--reason", "x", "--source", "*"),
        ("--reason", "x", "--severity", "bad"),
        ("--reason", "x", "--source", "wire", "--for", "0h"),
        ("--reason", "x", "--source", "wire", "--for", "99999999999999w"),
        ("--reason", "x", "--source", "wire", "--for", "soon"),
        ("--reason", "x", "--source", "wire", "--from", "soon"),
        ("--reason", "x", "--source", "wire", "--from", "2001-01-01"),
        ("--reason", "x", "--source", "wire", "--from", "9999-12-31"),
        ("--reason", "x", "--source", "wire", "--from", "9999-12-31T23:00-10:00"),
    ],
)
def test_silence_that_makes_no_sense_is_refused(run: Run, options: tuple[str, ...]) -> None:
    assert isinstance(run("silence", *options).exception, UsageError)


def test_silence_without_a_reason_or_a_known_option_says_what_is_missing(run: Run) -> None:
    assert "--reason" in run("silence", "--source", "wire").stderr
    assert "No such option" in run("silence", "--colour", "red").stderr
    assert "end" in run("silence").output
