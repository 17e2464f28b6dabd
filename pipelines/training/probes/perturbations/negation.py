"""The same "no" in other words: contracted, written out, or paraphrased; what is denied stays denied."""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.words import matching

_VERBS = "is|are|was|were|do|does|did|has|have|had|could|would|should"
_PLAIN = "good|great|happy|satisfied|pleased|impressed|helpful|clear|easy|enough|ready|safe|fair|bad|cheap|perfect"
_DOING = (
    "arrive|answer|beat|come|connect|deliver|fix|grow|help|impress|improve|load|meet|open|pay|process|reach|reply|respond|rise|solve|work"
)
"""Verbs of which "did not" and "failed to" say the same; of "want" or "know" they don't."""
_OWNED = "a|an|the|any|my|our|your|his|her|its|their"

Rewrite = Callable[[re.Match[str]], str]


def _as(new: str) -> Rewrite:
    return lambda found: matching(found.expand(new), found[0])


RULES: tuple[tuple[re.Pattern[str], Rewrite], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), rewrite)
    for pattern, rewrite in (
        (rf"\bdid(?: not|n['\u2019]t)(?= (?:{_DOING})\b)", _as("failed to")),
        (rf"\bdoes(?: not|n['\u2019]t)(?= (?:{_DOING})\b)", _as("fails to")),
        (r"\bfailed to\b", _as("did not")),
        (r"\bfails to\b", _as("does not")),
        (rf"\bnot (?=(?:{_PLAIN})\b)", _as("far from ")),
        (r"\b(?:cannot|can not|can['\u2019]t)\b(?! (?:wait|help|only)\b)", _as("can by no means")),
        (r"\bwon['\u2019]t\b", _as("will not")),
        (r"\bwill not\b", _as("won't")),
        (rf"\b({_VERBS})n['\u2019]t\b", _as(r"\1 not")),
        (rf"\b({_VERBS}) not\b(?! only\b)", _as(r"\1n't")),
        (r"\bain['\u2019]t\b", _as("is not")),
        (r"\bnever\b(?! mind\b)", _as("at no time")),
        (r"\b(?:nobody|no one)\b", _as("not one person")),
        (r"\bnothing\b(?! but\b)", _as("not a thing")),
        (r"\bnone of\b", _as("not one of")),
        (r"\bunable to\b", _as("not able to")),
        (r"\bunlikely to\b", _as("not likely to")),
        (rf"\bwithout\b(?! (?:{_OWNED}|\w+ing)\b)", _as("with no")),
        (r"\bthere(?: is|['\u2019]s) no\b", _as("there is not any")),
    )
)
"""Earlier rules win where two find the same place."""


def find(text: str, _: Sequence[Span], __: Random) -> Iterator[Edit]:
    """Reword every negation that a rule knows."""
    taken: list[tuple[int, int]] = []
    for pattern, rewrite in RULES:
        for found in pattern.finditer(text):
            start, end = found.span()
            if not any(first < end and start < last for first, last in taken):
                taken.append((start, end))
                yield Edit(start, end, rewrite(found))


NEGATION = Perturbation("negation", "negations reworded, their meaning kept", find)
