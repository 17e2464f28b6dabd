"""Say in a few words from what to what a series moved; whole sentences are left to `workers.sentence`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.incidents import Finding
    from db.parts import Part


def moved(one: "Finding | Part") -> str:
    """Return what was expected and what was seen, in the metric's own unit."""
    if one.metric == "silence":
        return "no records"
    if one.metric == "share":
        return f"{one.expected:.0%} -> {one.observed:.0%} negative"
    return f"{one.expected:,.1f} -> {one.observed:,.0f} {'negatives' if one.metric == 'negatives' else 'records'}"
