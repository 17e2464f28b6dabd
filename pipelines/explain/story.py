"""Tell everything about one text at once: its sentiment, or that towards a name in it, and its topic."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.explain.explainer import Explainer
from pipelines.explain.places import find_place
from pipelines.explain.topics import explain_topic
from pipelines.explain.values import By, Explanation, Story, Unexplainable
from pipelines.reading import Reading
from pipelines.records import SENTIMENTS, Document
from pipelines.taxonomy import Taxonomies

if TYPE_CHECKING:
    from pipelines.model import Model


def tell(
    document: Document,
    *,
    model: "Model",
    taxonomies: Taxonomies,
    by: By | None = None,
    towards: str | None = None,
    occurrence: int = 1,
    label: str | None = None,
    against: str | None = None,
) -> Story:
    """Explain a text; with `towards` only the sentiment towards that name, which leaves the topic aside."""
    explainer = Explainer(model, by=by)
    reading = explainer.read(document)
    if towards is not None:
        place = find_place(document.text, towards, occurrence=occurrence)
        found = explainer.towards(reading, place, label=label, against=against)
        return Story(document.text, document.kind, model.ref, found)
    found = _sentiment(explainer, reading, label=label, against=against)
    story = Story(document.text, document.kind, model.ref, found)
    try:
        return replace(story, topic=explain_topic(reading, explainer=explainer, taxonomies=taxonomies))
    except Unexplainable as problem:
        return replace(story, note=str(problem))


def _sentiment(explainer: Explainer, reading: Reading, *, label: str | None, against: str | None) -> Explanation:
    labels, kind = explainer.model.labels, reading.draft.document.kind
    head = next((name for name in (f"sentiment_{kind}", "sentiment") if set(SENTIMENTS) & set(map(str.lower, labels.get(name, ())))), None)
    if head is None:
        raise Unexplainable(f"model {explainer.model.ref.name} has no head for the sentiment of {kind}; it has {', '.join(labels)}")
    return explainer.head(reading, head, label=label, against=against)
