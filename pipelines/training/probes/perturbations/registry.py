"""Every perturbation by name; adding one is a file and a line here."""

from collections.abc import Sequence

from pipelines.training.probes.perturbations.base import Perturbation
from pipelines.training.probes.perturbations.letter_case import LOWER, TITLE, UPPER
from pipelines.training.probes.perturbations.negation import NEGATION
from pipelines.training.probes.perturbations.noise import EMOJI, HASHTAGS, URLS
from pipelines.training.probes.perturbations.punctuation import PUNCTUATION
from pipelines.training.probes.perturbations.swaps import SWAPS
from pipelines.training.probes.perturbations.typos import TYPOS

PERTURBATIONS = {one.name: one for one in (TYPOS, LOWER, UPPER, TITLE, PUNCTUATION, NEGATION, URLS, EMOJI, HASHTAGS, SWAPS)}


def chosen(names: Sequence[str]) -> list[Perturbation]:
    """Return the named perturbations, or all for no name; ValueError lists those there are."""
    unknown = [name for name in names if name not in PERTURBATIONS]
    if unknown:
        raise ValueError(f"there is no perturbation {', '.join(map(repr, unknown))}; there are {', '.join(PERTURBATIONS)}")
    return [PERTURBATIONS[name] for name in names or PERTURBATIONS]
