"""The one shape that every perturbation has."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from pipelines.training.data import Example, Span
from pipelines.training.probes.edits import Edit, clear_of_borders, edited
from pipelines.training.probes.words import rng_of
from pipelines.training.tasks import TaskKind

Finder = Callable[[str, Sequence[Span], Random], Iterable[Edit]]
"""From a text, the mentions in it (PER, ORG, LOC) and a source of chance, what to change."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A way in which people's texts differ, that leaves the right answer to tasks of its `kinds` as it was.

    `about` says it in a few words.
    """

    name: str
    about: str
    find: Finder
    kinds: frozenset[TaskKind] = frozenset(TaskKind)

    def apply(self, example: Example, *, mentions: Sequence[Span] = (), seed: int = 0) -> Example:
        """Change a text, its spans with it. The same text and seed always give the same; where nothing fits, nothing changes."""
        rng = rng_of(example.text, name=self.name, seed=seed)
        return edited(example, clear_of_borders(example, self.find(example.text, mentions, rng)))
