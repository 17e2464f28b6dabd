"""Bring the mentions of patterns and of the model together, and back to the original text; finding them is left to both.

So is what the text says of each: a model judges tokens, and a mention is judged by its own.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pipelines.heads import Scores, towards_span
from pipelines.records import Label, Mention
from pipelines.text.found import UNJUDGED, Found
from pipelines.text.names import normal_form
from pipelines.text.offsets import Readable

LEAST_SCORE = 0.5
"""Below it a mention is likelier wrong than right."""

LONGEST_ENTITY = 400
"""In characters. An unbroken run of thousands is a token to the model, but nobody's name, and more than an index can hold."""

TokenSpan = tuple[int, int, str, float]
"""Start, end (exclusive), group and score, in token positions."""

Judge = Callable[[int, int], Label | None]
"""Gives the sentiment towards what stands at the tokens from `start` to `end` (exclusive); None where nothing was said."""


def judge_by(targets: Scores, names: Sequence[str]) -> Judge:
    """Judge by the logits (n_tokens, n_labels) of a whole text."""

    def judge(start: int, end: int) -> Label | None:
        scores = towards_span(targets, start, end)
        return None if scores is None else Label(names[best := int(scores.argmax())].lower(), round(float(scores[best]), 4))

    return judge


def judge_nothing(_start: int, _end: int) -> Label | None:
    """Say nothing: the model has no such head."""
    return None


def mentions_of_patterns(
    found: Sequence[Found],
    reading: Readable,
    *,
    places: Mapping[Found, tuple[int, int]],
    judge: Judge,
) -> list[Mention]:
    """Map what patterns found in `reading.text` to the original; a checked form is certain.

    `places` tells the tokens of those that the model was asked about.
    """
    said = [judge(*places[one]) if one in places else None for one in found]
    return [
        _mention(one.group, reading, one.start, one.end, score=1.0, entity=one.entity, sentiment=sentiment)
        for one, sentiment in zip(found, said, strict=True)
    ]


def mentions_of_model(
    spans: Iterable[TokenSpan], offsets: Sequence[tuple[int, int]], reading: Readable, *, n_before: int, judge: Judge
) -> Iterator[Mention]:
    """Map token spans to the original. `n_before` characters of context stand before `reading.text`; names there are dropped."""
    for first, end, group, score in spans:
        start, stop = max(0, offsets[first][0] - n_before), max(0, offsets[end - 1][1] - n_before)
        word = reading.text[start:stop]
        start += len(word) - len(word.lstrip())  # some tokenizers count the space before a word to it
        stop = start + len(word.strip())
        entity = normal_form(group, word)
        if entity and score >= LEAST_SCORE:
            sentiment = None if group in UNJUDGED else judge(first, end)
            yield _mention(group, reading, start, stop, score=score, entity=entity, sentiment=sentiment)


def combine(checked: Sequence[Mention], guessed: Iterator[Mention]) -> tuple[Mention, ...]:
    """Put both, each in the order of the text, into that order without overlap; what a pattern checked wins, what is no name goes."""
    sure = _apart([one for one in checked if len(one.entity) <= LONGEST_ENTITY])
    ends = [mention.end for mention in sure]
    names = (one for one in guessed if len(one.entity) <= LONGEST_ENTITY)
    free = [one for one in names if (at := bisect_right(ends, one.start)) == len(sure) or sure[at].start >= one.end]
    return tuple(_apart(sorted([*sure, *free], key=lambda mention: mention.start)))


def _apart(mentions: Iterable[Mention]) -> list[Mention]:
    """Drop mentions that begin within the one before: two characters may come from one, as the letters of a ligature do."""
    kept: list[Mention] = []
    for mention in mentions:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return kept


def _mention(group: str, reading: Readable, start: int, end: int, *, score: float, entity: str, sentiment: Label | None) -> Mention:
    first, last = reading.span(start, end)
    return Mention(group, reading.original[first:last], first, last, round(score, 4), entity, sentiment)
