from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.engine import transaction
from db.parts import Part
from db.tables import Source
from workers.evidence import N_EXAMPLES, Explained, explain

AT = datetime(2026, 3, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APPLE, RECALL = "TICKER:AAPL", "ORG:battery"
WIRE = "Apple recalls laptops after battery fires, regulators say https://wire.example/recall"
NEWS = [
    "Battery fires force Apple into a costly recall of laptops",
    "Owners fume over burning laptops as Apple starts the recall, call +44 20 7946 0958",
    "Recall of laptops will cost Apple 900 million, says a supplier of the battery",
    "Apple faces a suit over laptops that burnt before the battery recall",
    "Analysts cut Apple estimates after the laptop recall",
    "Schools hand back laptops: the Apple battery recall widens",
]


@pytest.fixture
def posts(post: Any) -> list[Any]:
    """A week of calm about Apple, and a day on which it recalls laptops: one story told by eight, six more, and the usual."""
    calm = [
        post(
            AT - timedelta(days=7) + n * HOUR,
            "negative" if n % 8 == 0 else "neutral",
            "trading",
            (APPLE,),
            f"Apple trades at level {n % 7}",
        )
        for n in range(6 * 24)
    ]
    copies = [post(AT - DAY + n * HOUR, "negative", "products", (APPLE, RECALL), f"RT @reader{n}: {WIRE}" if n else WIRE) for n in range(8)]
    others = [post(AT - DAY + n * HOUR, "negative", "products", (APPLE, RECALL), text) for n, text in enumerate(NEWS)]
    usual = [post(AT - DAY + n * HOUR, "neutral", "trading", (APPLE,), "Apple trades at level 9") for n in range(6)]
    return [*calm, *copies, *others, *usual]


@pytest.fixture
def part(feed: Any, engine: Engine, posts: list[Any]) -> Part:
    """Apple's share of negatives on that day."""
    feed.bring(posts)
    with transaction(engine) as session:
        source_id = session.scalars(select(Source.id)).one()
    return Part(
        fingerprint="apple",
        rule="negative-share",
        rule_hash="h",
        source_id=source_id,
        dimension="entity",
        key=APPLE,
        metric="share",
        opened_at=AT,
        window_from=AT - DAY,
        peak_at=AT,
        last_judged_at=AT,
        resolved_at=None,
        observed=0.7,
        expected=0.125,
        p_value=1e-9,
        n=20,
        n_negative=14,
        peak={"at": AT.isoformat(), "baseline_from": (AT - 7 * DAY).isoformat(), "n_judged": 3},
    )


def test_explain_says_why_in_a_sentence(engine: Engine, part: Part) -> None:
    told = _explained(engine, part)

    assert told.why == (
        "Negative share of $AAPL in wire rose to 70% (14 of 20 records) in the 24 h to 2026-03-10 00:00 UTC; 12% was to be expected"
        " (p = 1e-9); mostly battery; 8 of the 14 negative records tell one story."
    )
    assert told.evidence["window"] == {"from": "2026-03-09T00:00:00+00:00", "to": "2026-03-10T00:00:00+00:00"}
    assert told.evidence["peak"] == part.peak


def test_explain_chooses_examples_of_what_is_new_each_story_once(engine: Engine, part: Part) -> None:
    examples = _explained(engine, part).evidence["examples"]

    assert len(examples) == N_EXAMPLES
    assert [one["n_similar"] for one in examples if one["text"] == WIRE] == [8]
    assert sum(one["n_similar"] for one in examples) == 12
    assert all("recall" in one["text"].lower() for one in examples)


def test_explain_links_examples_and_masks_what_is_sensitive(engine: Engine, part: Part) -> None:
    told = _explained(engine, part)

    assert "https://wire.example/recall" in [one["url"] for one in told.evidence["examples"]]
    assert "7946" not in str(told)


def test_explain_ranks_what_drives_the_change(engine: Engine, part: Part) -> None:
    drivers = _explained(engine, part).evidence["drivers"]

    assert [(one["dimension"], one["key"]) for one in drivers] == [("topic", "products"), ("entity", RECALL)]
    assert drivers[0]["contribution"] == pytest.approx(0.7)
    assert (drivers[0]["n_negative"], drivers[0]["n_negative_before"]) == (14, 0)


def test_explain_counts_stories_and_the_windows_before(engine: Engine, part: Part) -> None:
    evidence = _explained(engine, part).evidence

    assert evidence["stories"] == {"n": 7, "n_texts": 14, "n_largest": 8}
    assert [one["n_negative"] for one in evidence["history"]] == [3, 3, 3, 3, 3, 3, 14]
    assert "recall" in " ".join(one["word"] for one in evidence["words"])


def test_explain_of_volume_reads_all_sentiments(engine: Engine, part: Part) -> None:
    told = _explained(engine, replace(part, metric="volume", observed=20.0, expected=6.0))

    assert told.why.startswith("Records about $AAPL in wire rose to 20 in the 24 h")
    assert told.evidence["stories"]["n_texts"] == 20


def test_explain_of_silence_has_no_examples_but_a_past(engine: Engine, part: Part) -> None:
    silent = replace(part, metric="silence", dimension="source", key="", window_from=AT, peak_at=AT + HOUR, n=0, n_negative=0, observed=0.0)

    told = _explained(engine, silent)

    assert told.why.startswith("Nothing has come from wire for 1 h, since 2026-03-10 00:00 UTC")
    assert (told.evidence["examples"], told.evidence["drivers"]) == ([], [])
    assert told.evidence["history"][-1]["n"] == 0
    assert sum(one["n"] for one in told.evidence["history"]) > 0


def test_explain_names_the_other_parts(engine: Engine, feed: Any, post: Any, part: Part) -> None:
    feed.bring([post(AT - HOUR, "negative", "products", (APPLE,))], source="desk")
    with transaction(engine) as session:
        desk = session.scalars(select(Source.id).where(Source.name == "desk")).one()
    others = [
        part,
        replace(part, fingerprint="2", metric="negatives", p_value=1e-8),
        replace(part, fingerprint="3", dimension="topic", key="products", p_value=1e-7),
        replace(part, fingerprint="4", source_id=desk, p_value=1e-6),
    ]

    told = _explained(engine, part, parts=others)

    assert told.why.endswith("; also in its number of negatives, topic products and $AAPL in desk.")
    assert [(one["label"], one["source"]) for one in told.evidence["parts"]] == [
        ("its number of negatives", "wire"),
        ("topic products", "wire"),
        ("$AAPL in desk", "desk"),
    ]


def test_explain_of_a_window_whose_records_are_gone_still_says_why(engine: Engine, part: Part) -> None:
    gone = replace(part, window_from=AT + 10 * DAY, peak_at=AT + 11 * DAY)

    told = _explained(engine, gone)

    assert told.why.startswith("Negative share of $AAPL in wire rose to 70%")
    assert told.evidence["examples"] == []


def _explained(engine: Engine, part: Part, *, parts: Sequence[Part] = ()) -> Explained:
    with transaction(engine) as session:
        return explain(session, part, source="wire", parts=parts)
