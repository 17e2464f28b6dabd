"""Letter case as hurried people, shouting people and headline writers use it."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.words import fixed_places, words


def lower(text: str, _: Sequence[Span], __: Random) -> Iterator[Edit]:
    """Write everything small, but for addresses, handles and tags."""
    return _recased(text, str.lower)


def upper(text: str, _: Sequence[Span], __: Random) -> Iterator[Edit]:
    """Write everything in capitals, but for addresses, handles and tags."""
    return _recased(text, str.upper)


def _recased(text: str, case: Callable[[str], str]) -> Iterator[Edit]:
    # One letter at a time: some change their length with their case, and none may carry a span's border along.
    kept = {at for start, end in fixed_places(text) for at in range(start, end)}
    return (Edit(at, at + 1, case(letter)) for at, letter in enumerate(text) if at not in kept and case(letter) != letter)


def title(text: str, _: Sequence[Span], __: Random) -> Iterator[Edit]:
    """Begin every word with a capital and leave the rest, as headlines do."""
    return (Edit(at, at + 1, text[at].upper()) for at, _ in words(text) if text[at].upper() != text[at])


LOWER = Perturbation("lower", "all in lower case", lower)
UPPER = Perturbation("upper", "all in capitals", upper)
TITLE = Perturbation("title", "every word begun with a capital", title)
