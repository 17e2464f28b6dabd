"""Put texts together that judge different things differently: most judge a single one, and teach nothing of telling two apart."""

from collections.abc import Sequence

import numpy as np

from pipelines.training.data import Example, Span

N_JOINED = 10_000
LONGEST = 110
"""Characters of a text that is joined to another: longer ones are rarely clauses of one sentence."""

REPEATS = 4
"""How often a text that tells two things apart by itself is read beside the joined ones."""

LINKS = (", ", "; ", ", ", " while ", " as ", " but ", " and ", ". ", ", whereas ")


def telling_apart(examples: Sequence[Example], *, seed: int) -> list[Example]:
    """Return the texts to learn from: all of `examples`, those in which sentiments differ some times more, and joined ones."""
    differing = [example for example in examples if len({span.label for span in example.spans}) > 1]
    return [*examples, *differing * REPEATS, *join_texts(examples, n=min(N_JOINED, len(examples)), seed=seed)]


def join_texts(examples: Sequence[Example], *, n: int, seed: int) -> list[Example]:
    """Return `n` examples, each of two short ones whose sentiments towards their mentions differ; none if there are no such two."""
    short = [example for example in examples if example.spans and len(example.text) <= LONGEST]
    if len({frozenset(span.label for span in example.spans) for example in short}) <= 1:
        return []
    rng = np.random.default_rng(seed)
    joined: list[Example] = []
    while len(joined) < n:
        first, second = (short[int(place)] for place in rng.integers(len(short), size=2))
        if {span.label for span in first.spans} != {span.label for span in second.spans}:
            joined.append(join(first, second, link=LINKS[int(rng.integers(len(LINKS)))]))
    return joined


def join(first: Example, second: Example, *, link: str) -> Example:
    """Put two texts together with `link` between them, their spans in their new places."""
    head = first.text.rstrip(" .;,") or first.text
    shift = len(head) + len(link)
    moved = tuple(Span(span.start + shift, span.end + shift, span.label) for span in second.spans)
    return Example(f"{head}{link}{second.text}", spans=(*(span for span in first.spans if span.end <= len(head)), *moved))
