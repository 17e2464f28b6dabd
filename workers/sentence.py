"""Say in one sentence why people are told of an incident; the figures come from the detector, what drives it from `workers.evidence`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from db.parts import Part

NAMED = 3
"""Other parts that a sentence names; the rest it counts."""

MOST = 0.5
"""Share of a change, or of the records, from which one driver or one story is called most of it."""


FEW = 10
"""Below it, fractions are told."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the figures: drivers as evidence has them, and the stories that the records tell."""

    drivers: Sequence[Mapping[str, Any]] = ()
    n_texts: int = 0
    n_largest: int = 0


NOTHING = Known()

LEAST_P = 1e-30
"""Below it a probability says no more than that it is small."""


def label(dimension: str, key: str) -> str:
    """Name a series as people do: `$AAPL`, `apple`, `topic earnings`; a whole source has no name of its own."""
    if dimension == "topic":
        return f"topic {key}"
    group, _, entity = key.partition(":")
    return f"${entity}" if group == "TICKER" else entity


def sentence(lead: "Part", *, source: str, others: Sequence[str] = (), known: Known = NOTHING) -> str:
    """Say why: what moved, from what to what, over which window, how sure that is, what drives it and where else it shows.

    `others` are the labels of the other parts.
    """
    name = label(lead.dimension, lead.key)
    if lead.metric == "silence":
        return _silence(lead, source=source)
    span = f"in the {_length(lead.peak_at - lead.window_from)} to {lead.peak_at:%Y-%m-%d %H:%M} UTC"
    usual = f"{lead.expected:.0%} was" if lead.metric == "share" else f"{_count(lead.expected)} were"
    told = [f"{_moved(lead, name=name, source=source)} {span}; {usual} to be expected (p {power(lead.p_value)})"]
    told += _mostly(lead, known=known)
    told += [f"also in {_listed(others)}"] if others else []
    return "; ".join(told) + "."


def power(p_value: float) -> str:
    """Write a probability with its sign, to one digit: = 2e-7."""
    if p_value < LEAST_P:
        return f"< {_short(LEAST_P)}"
    return f"= {_short(p_value)}"


def _short(p_value: float) -> str:
    return re.sub(r"e-0*(\d)", r"e-\1", f"{p_value:.0e}")


def _moved(lead: "Part", *, name: str, source: str) -> str:
    if lead.metric == "share":
        of = f" of {name}" if name else ""
        return f"Negative share{of} in {source} rose to {lead.observed:.0%} ({lead.n_negative} of {lead.n} records)"
    about = f" about {name}" if name else ""
    if lead.metric == "volume":
        return f"Records{about} in {source} rose to {lead.n:,}"
    return f"Negative records{about} in {source} rose to {lead.n_negative} (of {lead.n:,} records)"


def _silence(lead: "Part", *, source: str) -> str:
    quiet = _length(lead.peak_at - lead.window_from)
    expected = f"{_count(lead.expected)} were to be expected by then (p {power(lead.p_value)})"
    return f"Nothing has come from {source} for {quiet}, since {lead.window_from:%Y-%m-%d %H:%M} UTC; {expected}."


def _mostly(lead: "Part", *, known: Known) -> list[str]:
    """Name the driver and the story that make up most of the change, if there are such."""
    one_story = known.n_largest > 1 and known.n_largest >= MOST * known.n_texts
    # The topic of one text says little of what moved; whom it is about still does.
    drivers = [one for one in known.drivers if not one_story or one["dimension"] == "entity"]
    most = max(drivers, key=lambda one: float(one["contribution"]), default=None)
    told = []
    if most and most["contribution"] >= MOST * (lead.observed - lead.expected) > 0:
        told.append(f"mostly {label(most['dimension'], most['key'])}")
    if one_story:
        records = "records" if lead.metric == "volume" else "negative records"
        of = "all" if known.n_largest == known.n_texts else f"{known.n_largest} of the"
        told.append(f"{of} {known.n_texts} {records} tell one story")
    return told


def _listed(others: Sequence[str]) -> str:
    named = list(others) if len(others) <= NAMED else [*others[: NAMED - 1], f"{len(others) - NAMED + 1} more"]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _count(expected: float) -> str:
    return f"{expected:.1f}" if expected < FEW else f"{expected:,.0f}"


def _length(span: timedelta) -> str:
    if span >= timedelta(days=3):
        return f"{span / timedelta(days=1):.0f} days"
    hours = span / timedelta(hours=1)
    return f"{hours:.0f} h" if hours >= FEW or hours == int(hours) else f"{span / timedelta(minutes=1):.0f} min"
