import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.normalize import normalize
from pipelines.text.patterns import find_patterns, find_tickers
from pipelines.text.redact import redact

HOSTILE = [
    "1",
    "1 ",
    "1,",
    "1.",
    "(1",
    "+1 ",
    "$",
    "$1",
    "$a",
    "@",
    "a@",
    "a.",
    "a@a.",
    "4111 1111 1111 1111 ",
    "GB82 ",
    "GB82WEST12345698765432 ",
    "650-253-0000 ",
    "(650) 253-0000",
    "+16502530000 ",
    "020 7946 0958 ",
    "NYSE:",
    "NYSE: A",
    "1%",
    "5 million",
    "USD ",
    "Rs",
    "2014-01-01 ",
    "a-",
    "a.b@c.d ",
    "1((( ",
    "-1-",
    "<",
    "<b>",
    "&amp;",
    "\x00",
    " ",
    "\u200b ",
    "\U0001f600",
]


@pytest.mark.parametrize(
    ("text", "tickers"),
    [
        ("$AAPL and $brk.b up", ["AAPL", "BRK.B"]),
        ("(NASDAQ: MSFT), NYSE:GE; HKEX: 0700", ["MSFT", "GE", "0700"]),
        ("$AAPL.It fell; $BP.L did not", ["AAPL", "BP.L"]),
        ("US$5, $5, A$AP, $toolongname, NYSE: the market, $$AAPL", []),
    ],
)
def test_find_tickers_reads_cashtags_and_listings(text: str, tickers: list[str]) -> None:
    assert [found.entity for found in find_tickers(text)] == tickers


def test_find_patterns_lets_the_stricter_check_win_and_keeps_order() -> None:
    text = "$AAPL +5% to $120.50; IBAN GB82 WEST 1234 5698 7654 32, card 4111 1111 1111 1111, jo@ex.com, +1 650 253 0000"

    found = find_patterns(text)

    assert [one.group for one in found] == ["TICKER", "PERCENT", "MONEY", "IBAN", "CARD", "EMAIL", "PHONE"]


@given(st.lists(st.sampled_from([*HOSTILE, "word ", ", "]), max_size=30).map("".join))
def test_find_patterns_never_overlap_and_lie_within_the_text(text: str) -> None:
    found = find_patterns(text)

    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))

    assert seconds_to_read(text) < 10  # quadratic time would be an hour


def test_reading_a_hostile_megabyte_takes_seconds() -> None:
    text = "".join(piece * (1_000_000 // len(HOSTILE) // len(piece)) for piece in HOSTILE)

    assert seconds_to_read(text) < 30


def seconds_to_read(text: str) -> float:
    begun = time.process_time()
    reading = normalize(text)
    redact(reading, find_patterns(reading.text))
    return time.process_time() - begun
