"""What platforms add to a text and what says nothing about it: links, pictograms without a mood, tags."""

import re
from collections.abc import Iterator, Sequence
from random import Random

from pipelines.training.data import Span
from pipelines.training.probes.edits import Edit
from pipelines.training.probes.perturbations.base import Finder, Perturbation

LINKS = ("https://example.com/a1x9", "http://example.org/story?id=4127", "https://example.net/2024/03/page.html", "www.example.com/x7f2k")
PICTOGRAMS = ("\U0001f4c5", "\U0001f4cc", "\U0001f5c2", "\U0001f4ce", "\U0001f522", "\U0001f551", "\U0001f4dd", "\U0001f4c4")
"""Calendar, pin, folders, clip, digits, clock, memo, page: nothing that smiles, weeps or points up or down."""
TAGS = ("#monday", "#update", "#today", "#thread", "#1", "#info", "#via", "#archive")

_GAP = re.compile(r"(?<=[\w.,;:!?%)\"'])\s+(?=\S)")


def _inserted(pieces: Sequence[str], *, n: int) -> Finder:
    def find(text: str, mentions: Sequence[Span], rng: Random) -> Iterator[Edit]:
        """Put pieces at the end or between words, but never into a name."""
        gaps = [found.start() for found in _GAP.finditer(text)]
        places = [at for at in gaps if not any(span.start < at < span.end for span in mentions)] + [len(text)]
        for at, piece in zip(sorted(rng.sample(places, min(n, len(places)))), rng.sample(pieces, n), strict=False):
            yield Edit(at, at, f" {piece}")

    return find


URLS = Perturbation("urls", "a link put in", _inserted(LINKS, n=1))
EMOJI = Perturbation("emoji", "two emoji without a mood put in", _inserted(PICTOGRAMS, n=2))
HASHTAGS = Perturbation("hashtags", "two hashtags without a mood put in", _inserted(TAGS, n=2))
