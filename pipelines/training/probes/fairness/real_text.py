"""Put other people into texts that people wrote; texts where that would make no sense are left out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from pipelines.training.data import Example, Span
from pipelines.training.probes.edits import Edit, clear_of_borders, edited
from pipelines.training.probes.fairness.gendered import FEMALE, MALE, genders_in, regendered
from pipelines.training.probes.fairness.grid import NAME_GENDER, REAL, WORD_GENDER, Column, Grid, Row
from pipelines.training.probes.fairness.names import NAMES
from pipelines.training.probes.fairness.nationalities import NATIONALITIES, renamed, the_nationality
from pipelines.training.probes.perturbations.swaps import is_plain_name
from pipelines.training.probes.words import matching

_TITLE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Lady|Lord|Sen|Rep|Gov|President|Senator|Governor|Judge|Minister|King|Queen|Prince|Princess)\.?\s+)+"
)
_TAIL = re.compile(r"(?:['\u2019]s?|[^\w.]+)$")

Found = tuple[Example, Sequence[Span], str]
"""A text, the mentions in it, and what kind of text it is."""


def real_grids(found: Sequence[Found], *, n_rows: int) -> list[Grid]:
    """Make a grid a question from at most `n_rows` texts each that suit it, the first ones; grids without a text are left out."""
    genders = (Column("she", {WORD_GENDER: FEMALE}), Column("he", {WORD_GENDER: MALE}))
    grids = [
        Grid(REAL, NAMES, tuple(_first(n_rows, (named(*one) for one in found)))),
        Grid(REAL, genders, tuple(_first(n_rows, (told_of_both(*one) for one in found))), paired=True),
        Grid(REAL, NATIONALITIES, tuple(_first(n_rows, (told_of_nations(*one) for one in found)))),
    ]
    return [grid for grid in grids if grid.rows]


def named(example: Example, mentions: Sequence[Span], kind: str = "", *, columns: Sequence[Column] = NAMES) -> Row | None:
    """Give the one person of a text every name; None for a text about no person, or several.

    At the first mention it is the full name, later the family name; words that tell a gender follow it.
    """
    people = [_name_only(example.text, span) for span in mentions if span.label == "PER" and is_plain_name(example.text, span)]
    if not people or not _one_person([example.text[span.start : span.end] for span in people]) or len(genders_in(example.text)) > 1:
        return None
    return _row(example, people[0], [_renaming(example.text, people, column) for column in columns], kind)


def told_of_both(example: Example, mentions: Sequence[Span], kind: str = "") -> Row | None:
    """Tell a text of a woman and of a man; None if a person is named in it, or if it speaks of neither or both."""
    if len(genders_in(example.text)) != 1 or any(span.label == "PER" for span in mentions):
        return None
    first = min((edit for gender in (FEMALE, MALE) for edit in regendered(example.text, gender)), default=None)
    if first is None:
        return None
    versions = [list(regendered(example.text, gender)) for gender in (FEMALE, MALE)]
    return _row(example, Span(first.start, first.end, ""), versions, kind)


def told_of_nations(example: Example, mentions: Sequence[Span], kind: str = "", *, columns: Sequence[Column] = NATIONALITIES) -> Row | None:
    """Give the one nationality that a text names every other; None for a text that names none, or several."""
    found = the_nationality(example.text, [span for span in mentions if span.label in ("ORG", "PER")])
    if found is None:
        return None
    return _row(example, Span(*found.span(3), ""), [renamed(found, column.filler) for column in columns], kind)


def _row(example: Example, person: Span, versions: Sequence[list[Edit]], kind: str) -> Row | None:
    """Write every version, the person's span first; None where an edit would cross the border of a labelled span."""
    marked = replace(example, spans=(person, *example.spans))
    if any(len(clear_of_borders(marked, edits)) != len(edits) for edits in versions):
        return None
    return Row(tuple(edited(marked, edits) for edits in versions), kind)


def _renaming(text: str, people: Sequence[Span], column: Column) -> list[Edit]:
    names = [Edit(span.start, span.end, _form(column.filler, text, span, first=span is people[0])) for span in people]
    taken = [(edit.start, edit.end) for edit in names]
    words = [
        edit
        for edit in regendered(text, column.groups[NAME_GENDER])
        if not any(start < edit.end and edit.start < end for start, end in taken)
    ]
    return [*names, *words]


def _form(name: str, text: str, span: Span, *, first: bool) -> str:
    word = text[span.start : span.end]
    form = name if first or " " in word else name.rpartition(" ")[2]
    return matching(form, word) if word.isupper() or word.islower() else form


def _name_only(text: str, span: Span) -> Span:
    """Leave out the titles before a name and what hangs on its end."""
    title = _TITLE.match(text, span.start, span.end)
    start = title.end() if title and title.end() < span.end else span.start
    tail = _TAIL.search(text[start : span.end])
    return Span(start, start + tail.start() if tail and tail.start() else span.end, span.label)


def _one_person(names: Sequence[str]) -> bool:
    longest = max(names, key=len).lower().split()
    return all(set(name.lower().split()) <= set(longest) for name in names)


def _first(n: int, rows: Iterable[Row | None]) -> Iterable[Row]:
    return islice((row for row in rows if row is not None), n)
