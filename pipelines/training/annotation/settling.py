"""Settle what people who labelled the same text disagree on, and count how often they do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.training.annotation.answers import Annotated, Answer, Opinion


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds for a text: `answer` is None where nobody answered, or where they disagree (`is_disputed`)."""

    one: Annotated
    answer: Answer | None
    is_disputed: bool = False


def settle(one: Annotated) -> Settled:
    """Take what was marked as ground truth; else what more people said than anything else. Spans count as a whole."""
    opinions = [opinion for opinion in one.opinions if opinion.is_truth] or list(one.opinions)
    if not opinions:
        return Settled(one, None)
    ranked = Counter(opinion.answer for opinion in opinions).most_common(2)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return Settled(one, None, is_disputed=True)
    return Settled(one, ranked[0][0])


def agreement(answers: Sequence[Annotated]) -> tuple[int, int]:
    """Return how many texts more than one person answered, and on how many of them all said the same."""
    shared = [one.opinions for one in answers if len(one.opinions) > 1]
    return len(shared), sum(map(_is_one, shared))


def _is_one(opinions: Sequence[Opinion]) -> bool:
    return len({opinion.answer for opinion in opinions}) == 1
