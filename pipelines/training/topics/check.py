"""Find the faults of a described taxonomy, each with its mend: what its own words betray, and what unlabelled records show.

Embedding both is left to `embedded`; measuring on labelled rows to `measure`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from pipelines.embedding import Told
from pipelines.prototypes import Vectors, own_likeness, words_of
from pipelines.prototypes import likeness as likeness_of
from pipelines.training.topics.embedded import Embedded

FEWEST_EXAMPLES = 5
REPEATED = 0.95
"""The cosine from which two examples say the same."""
OVERLAPPING = 0.25
"""The share of two topics' examples that, left out, would have been taken for the other topic, from which they overlap."""
MISPLACED = 0.08
"""How much nearer to another topic an example must be: any less is the noise of leaving out one text of a handful."""
UNCOVERED = 0.5
"""The share of records without a topic from which the taxonomy, or its threshold, does not fit them."""
GREEDY = 0.5
"""The share of records, out of those that have a topic, that no one topic of five or more should take."""
_MANY_TOPICS = 5
_FEWEST_RECORDS = 200
"""Fewer records say nothing of topics that none of them has."""
_QUOTED = 80


class Fault(StrEnum):
    """What may be wrong with a topic."""

    OVERLAP = "overlap"
    MISPLACED = "misplaced"
    REPEATED = "repeated"
    THIN = "thin"
    SCATTERED = "scattered"
    EMPTY = "empty"
    GREEDY = "greedy"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a topic (empty for one of the whole taxonomy), what shows it, and how to mend it."""

    fault: Fault
    topic: str
    shows: str
    mend: str


@dataclass(frozen=True, slots=True)
class _Example:
    """An example text of topic number `topic`: how like it is to each topic, to its own as if it were not there."""

    topic: int
    text: str
    vector: Vectors
    alike: Vectors


def check(embedded: Embedded, records: Sequence[str] = (), *, tell: Told = lambda _: None) -> list[Finding]:
    """Return what is wrong, the worst kind first; `records` show empty and greedy topics, too."""
    examples = _examples(embedded)
    found = [*_overlaps(embedded, examples), *_misplaced(embedded, examples), *_repeated(embedded, examples)]
    found += [*_thin(embedded), *_scattered(embedded, examples)]
    if records:
        found += _of_records(embedded, embedded.likeness(records, tell=tell))
    order = list(Fault)
    return sorted(found, key=lambda one: order.index(one.fault))


def _examples(embedded: Embedded) -> list[_Example]:
    prototypes = embedded.prototypes
    alike, own = likeness_of(prototypes.vectors, prototypes), own_likeness(prototypes)
    found, row = [], 0
    for topic, texts in enumerate(words_of(embedded.taxonomy)):
        for place, text in enumerate(texts):
            if place:
                alike[row, topic] = own[row]
                found.append(_Example(topic, text, prototypes.vectors[row], alike[row]))
            row += 1
    return found


def _overlaps(embedded: Embedded, examples: Sequence[_Example]) -> Iterator[Finding]:
    names = embedded.names
    for one, other in combinations(range(len(names)), 2):
        both = [example for example in examples if example.topic in (one, other)]
        taken = sum(example.alike.argmax() == (other if example.topic == one else one) for example in both)
        if taken > 1 and taken / len(both) >= OVERLAPPING:
            yield Finding(
                Fault.OVERLAP,
                names[one],
                f"{taken} of the {len(both)} examples of {names[one]} and {names[other]} would be taken for the other of the two",
                f"merge {names[one]} and {names[other]}, or say in both descriptions and with more examples what tells them apart",
            )


def _misplaced(embedded: Embedded, examples: Sequence[_Example]) -> Iterator[Finding]:
    for example in examples:
        nearest = int(example.alike.argmax())
        own, there = float(example.alike[example.topic]), float(example.alike[nearest])
        if there - own >= MISPLACED:
            yield Finding(
                Fault.MISPLACED,
                embedded.names[example.topic],
                f"{quoted(example.text)} is nearer to {embedded.names[nearest]} ({there:.2f}) than to the rest of its topic ({own:.2f})",
                f"move it to {embedded.names[nearest]} if it belongs there; else add one or two examples like it",
            )


def _repeated(embedded: Embedded, examples: Sequence[_Example]) -> Iterator[Finding]:
    if not examples:
        return
    vectors = np.stack([example.vector for example in examples])
    for one, other in zip(*np.nonzero(np.triu(vectors @ vectors.T >= REPEATED, k=1)), strict=True):
        first, second = examples[int(one)], examples[int(other)]
        names = embedded.names
        where = "" if first.topic == second.topic else f" of {names[second.topic]}"
        yield Finding(
            Fault.REPEATED,
            names[first.topic],
            f"{quoted(first.text)} says the same as {quoted(second.text)}{where}",
            "keep one of them and write another that differs" if not where else "keep it under one topic only",
        )


def _thin(embedded: Embedded) -> Iterator[Finding]:
    for topic in embedded.taxonomy.topics:
        if (n := len(topic.examples)) < FEWEST_EXAMPLES:
            shows = f"{n} example{'' if n == 1 else 's'}" if n else "no examples, only a description"
            yield Finding(Fault.THIN, topic.name, shows, f"add {FEWEST_EXAMPLES - n} or more short ones, as your senders write")


def _scattered(embedded: Embedded, examples: Sequence[_Example]) -> Iterator[Finding]:
    for topic, name in enumerate(embedded.names):
        own = [float(example.alike[topic]) for example in examples if example.topic == topic]
        n_lost = sum(value < embedded.threshold for value in own)
        if n_lost > 1 and n_lost * 2 > len(own):
            yield Finding(
                Fault.SCATTERED,
                name,
                f"{n_lost} of its {len(own)} examples are so unlike the others that they would get no topic ({embedded.threshold:.2f})",
                "split the topic, or name in its description what its examples have in common; or lower `threshold`",
            )


def _of_records(embedded: Embedded, alike: Vectors) -> Iterator[Finding]:
    chosen = np.where(alike.max(axis=1) >= embedded.threshold, alike.argmax(axis=1), -1)
    counts = np.bincount(chosen[chosen >= 0], minlength=len(embedded.names))
    n_chosen = int(counts.sum())
    if len(alike) - n_chosen > UNCOVERED * len(alike):
        yield _uncovered(embedded, alike, n_chosen)
    for topic, name in enumerate(embedded.names):
        if not counts[topic] and len(alike) >= _FEWEST_RECORDS:
            nearest = float(alike[:, topic].max())
            yield Finding(
                Fault.EMPTY,
                name,
                f"none of {len(alike):,} records gets it; the nearest is at {nearest:.2f}",
                "drop it, or copy a few records that belong to it into its examples",
            )
        if len(counts) >= _MANY_TOPICS and counts[topic] > GREEDY * n_chosen:
            yield Finding(
                Fault.GREEDY,
                name,
                f"{counts[topic]:,} of the {n_chosen:,} records with a topic get this one",
                "split it, or take out examples that are like everything; `topics suggest` shows what is in there",
            )


def _uncovered(embedded: Embedded, alike: Vectors, n_chosen: int) -> Finding:
    lower = float(np.quantile(alike.max(axis=1), 0.1))
    return Finding(
        Fault.UNCOVERED,
        "",
        f"only {n_chosen:,} of {len(alike):,} records get a topic (threshold {embedded.threshold:.2f})",
        f"set threshold = {lower:.2f} to cover nine in ten, or see with `topics suggest` which topics are missing",
    )


def quoted(text: str) -> str:
    """Quote the beginning of a text."""
    line = " ".join(text.split())
    return f'"{line if len(line) <= _QUOTED else line[: _QUOTED - 1].rstrip() + "..."}"'
