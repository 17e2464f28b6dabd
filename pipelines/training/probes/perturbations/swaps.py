"""Other names in the place of those mentioned, of the same type; what is said of them stays, and so should the answer."""

from collections.abc import Iterator, Sequence
from random import Random

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.words import matching
from pipelines.training.tasks import TaskKind

POOL = {
    "PER": (
        "Ingrid Solberg", "Mateus Carvalho", "Farida Haddad", "Owen Prescott", "Chidi Okonkwo", "Hana Sato",
        "Lakshmi Menon", "Piotr Zielinski", "Rosa Delgado", "Tariq Mansour", "Claire Fontaine", "Wei Zhang",
    ),
    "ORG": (
        "Northgate Holdings", "Verdana Foods", "Halcyon Bank", "Orbis Mining", "Castellan Motors", "Tidewater Energy",
        "Brightwell", "Kestrel Airlines", "Lumen Pharma", "Ashcroft & Vale", "Novara Telecom", "Stonebridge",
    ),
    "LOC": (
        "Ljubljana", "Windhoek", "Saskatchewan", "Valparaiso", "Chittagong", "Tromso",
        "Uruguay", "Botswana", "Lake Garda", "Adelaide", "Slovenia", "Kumasi",
    ),
}  # fmt: skip
"""Written by hand: plausible people and firms that nobody is known by, and real places that are seldom in the news."""

_MARKS = "@#$"


def find(text: str, mentions: Sequence[Span], rng: Random) -> Iterator[Edit]:
    """Swap every mention that is a name in plain words; the same name always becomes the same other one."""
    swapped: dict[str, str] = {}
    free = {group: rng.sample(names, len(names)) for group, names in POOL.items()}
    for span in mentions:
        word = text[span.start : span.end]
        if not free.get(span.label) or not is_plain_name(text, span):
            continue
        if word.lower() not in swapped:
            name = free[span.label].pop()
            # Whom a text calls by one name, it goes on calling by one.
            swapped[word.lower()] = name.rpartition(" ")[2] if span.label == "PER" and " " not in word else name
        yield Edit(span.start, span.end, matching(swapped[word.lower()], word))


def is_plain_name(text: str, span: Span) -> bool:
    """Tell whether a mention is words that begin with a letter: no handle, no tag, no part of one."""
    word = text[span.start : span.end]
    return word[:1].isalpha() and text[max(0, span.start - 1) : span.start] not in tuple(_MARKS) and "http" not in word


SWAPS = Perturbation(
    "swaps",
    "people, organisations and places named otherwise",
    find,
    kinds=frozenset(TaskKind) - {TaskKind.TOPICS},  # a name may be the topic: of two card brands, or of a language
)
