"""Weigh words by leaving each out in turn: needs nothing of a model but its answers, and so works with every one of the catalog."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.explain.question import Part, Question, window_log_odds
from pipelines.explain.words import Word
from pipelines.reading import Reading
from pipelines.running import run_windows

if TYPE_CHECKING:
    from pipelines.model import Model
    from pipelines.tokens import Tokens


def weigh_by_leaving_out(
    question: Question, words: Sequence[Word], reading: Reading, *, model: "Model", token_budget: int
) -> tuple[list[float], float]:
    """Return by how much the log-odds fall without each word, and the log-odds of the text as it stands.

    A word in the overlap of two windows is left out of both. A word that is itself all that was asked about weighs 0.
    """
    whole = run_windows([part.tokens for part in question.parts], model=model, token_budget=token_budget)
    known = [window_log_odds(question, part.tokens, output) for part, output in zip(question.parts, whole, strict=True)]
    without = [
        (number, index, tokens)
        for index, part in enumerate(question.parts)
        for number, tokens in _without_each(part, words, reading, model=model)
    ]
    outputs = run_windows([tokens for _, _, tokens in without], model=model, token_budget=token_budget)
    weights = [0.0] * len(words)
    for (number, index, tokens), output in zip(without, outputs, strict=True):
        weights[number] += question.parts[index].share * (known[index] - window_log_odds(question, tokens, output))
    return weights, sum(part.share * value for part, value in zip(question.parts, known, strict=True))


def _without_each(part: Part, words: Sequence[Word], reading: Reading, *, model: "Model") -> list[tuple[int, "Tokens"]]:
    """Return the window without each of its words, by the word's number; spaces take the word's place, so that offsets stay."""
    offsets = reading.tokens.offsets
    text = reading.tokens.text or reading.draft.shown.text
    begin, end = offsets[part.start][0], offsets[part.stop - 1][1]
    inside = [(number, word) for number, word in enumerate(words) if word.first < part.stop and word.last > part.start]
    texts = []
    for _, word in inside:
        left, right = max(begin, offsets[word.first][0]), min(end, offsets[word.last - 1][1])
        texts.append(text[begin:left] + " " * (right - left) + text[right:end])
    asked = {part.tokens.offsets[place] for place in part.tokens.asked}
    found = [
        (number, replace(tokens.window(0, model.window_tokens), asked=_asked(tokens, asked, shift=begin)))
        for (number, _), tokens in zip(inside, model.tokenize(texts), strict=True)
    ]
    return [(number, tokens) for number, tokens in found if tokens.asked or not asked]


def _asked(tokens: "Tokens", spans: set[tuple[int, int]], *, shift: int) -> frozenset[int]:
    return frozenset(
        place for place, (left, right) in enumerate(tokens.offsets) if any(left + shift < e and right + shift > s for s, e in spans)
    )
