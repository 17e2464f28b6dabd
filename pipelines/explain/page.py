"""Write an explanation as a page; the frame is `pipelines.training.pages`, the values come from `story`.

Sensitive words, such as telephone numbers, stand there as the model read them: masked.
"""

from collections.abc import Sequence
from typing import Any

from pipelines.explain.values import By, Explanation, Story, TopicExplanation, WordWeight
from pipelines.training.pages import render

_MOST_WORDS = 20


def story_page(story: Story) -> str:
    """Return the HTML of one self-contained page."""
    found = story.sentiment
    about = f"towards {found.towards.word}" if found.towards else f"of this text as {story.kind}"
    return render(
        "explain.html",
        title="Why the model answered so",
        about=about,
        model=f"{story.model.name} {story.model.revision}",
        pieces=_pieces(story.text, found.words),
        answer=_answer(found),
        method=_method(found),
        topic=None if story.topic is None else _topic(story.topic, story.text),
        note=story.note,
    )


def _answer(found: Explanation) -> dict[str, Any]:
    ranked = sorted(found.scores.items(), key=lambda pair: -pair[1])[:3]
    return {"label": found.label, "against": found.against, "scores": ranked, "words": _rows(found.words)}


def _pieces(text: str, words: Sequence[WordWeight]) -> list[tuple[str, float, float]]:
    """Cut the text into (words as the model read them, share of the heaviest's weight, weight); the weight of what lies between is 0."""
    heaviest = max((abs(word.weight) for word in words), default=0.0) or 1.0
    pieces: list[tuple[str, float, float]] = []
    done = 0
    for word in words:
        pieces += [(text[done : word.start], 0.0, 0.0), (word.read_as, word.weight / heaviest, word.weight)]
        done = max(done, word.end)
    return [piece for piece in [*pieces, (text[done:], 0.0, 0.0)] if piece[0]]


def _rows(words: Sequence[WordWeight]) -> list[tuple[str, float, float]]:
    """Return the heaviest words: (word, share of the heaviest, weight)."""
    ranked = sorted(words, key=lambda word: -abs(word.weight))[:_MOST_WORDS]
    heaviest = abs(ranked[0].weight) if ranked and ranked[0].weight else 1.0
    return [(word.read_as, word.weight / heaviest, word.weight) for word in ranked]


def _method(found: Explanation) -> str:
    if found.by is By.OCCLUSION or found.log_odds_blank is None:
        return (
            "A word's weight is by how much the log-odds fall where the word is left out. Such weights need not add up: "
            "two words that say the same excuse each other."
        )
    return (
        f"Weights are integrated gradients: what each word adds on the way from a blank text ({found.log_odds_blank:+.2f}) to this "
        f"one ({found.log_odds:+.2f}), in log-odds of {found.label} against {found.against}. They add up to the difference, but for "
        f"{found.left_over or 0.0:+.3f}."
    )


def _topic(found: TopicExplanation, text: str) -> dict[str, Any]:
    words = found.words
    return {
        "taxonomy": found.taxonomy,
        "kind": found.kind,
        "topic": found.topic,
        "scores": [(name, score, found.likeness.get(name)) for name, score in found.scores.items()],
        "threshold": found.threshold,
        "matches": [(match.topic, match.origin, match.text, match.likeness) for match in found.matches],
        "answer": None if words is None else _answer(words),
        "pieces": [] if words is None else _pieces(text, words.words),
    }
