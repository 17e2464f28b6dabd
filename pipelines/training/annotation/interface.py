"""Write the labelling interface that Label Studio shows for a task: XML to paste into a project's settings."""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from pipelines.training.tasks import Task, TaskKind

TEXT = "text"
"""The name of what is labelled, and of its field in a task."""

CONTROLS = {TaskKind.SENTIMENT: "label", TaskKind.TOPICS: "label", TaskKind.ENTITIES: "entities", TaskKind.TARGETS: "targets"}
"""The name of what labels it, by the kind of the task; in our rows the answer has the same name."""

_ASK = {
    TaskKind.SENTIMENT: "How does this text sound to its reader?",
    TaskKind.TOPICS: "What is this text about?",
    TaskKind.ENTITIES: "Mark every name, whole words only.",
    TaskKind.TARGETS: "Mark each name that the text speaks well, ill or neutrally of, and say which.",
}
_COLOURS = ("#1f6f8b", "#b8702a", "#6b5b95", "#4f7d3a", "#b3403a", "#7a6a53", "#3a6ea5", "#a0527a")
_FEELINGS = {"negative": "#b3403a", "neutral": "#8a94a0", "positive": "#2c7a55"}
_MOST_BUTTONS = 12


def interface(task: Task, labels: Sequence[str]) -> str:
    """Return the interface's XML: choices for whole texts, labels for spans."""
    name, text = CONTROLS[task.kind], f'<Text name="{TEXT}" value="${TEXT}"/>'
    if task.kind in (TaskKind.SENTIMENT, TaskKind.TOPICS):
        layout = "select" if len(labels) > _MOST_BUTTONS else "vertical"
        choices = [f"    <Choice value={quoteattr(label)}/>" for label in labels]
        head = f'<Choices name="{name}" toName="{TEXT}" choice="single" required="true" layout="{layout}">'
        return _view(task, [text, head, *choices, "</Choices>"])
    colours = [_FEELINGS.get(label, _COLOURS[number % len(_COLOURS)]) for number, label in enumerate(labels)]
    marks = [f'  <Label value={quoteattr(label)} background="{colour}"/>' for label, colour in zip(labels, colours, strict=True)]
    whole = text.replace("/>", ' granularity="word"/>')
    return _view(task, [f'<Labels name="{name}" toName="{TEXT}">', *marks, "</Labels>", whole])


def _view(task: Task, lines: Sequence[str]) -> str:
    body = "\n".join(f"  {line}" for line in [f"<Header value={quoteattr(_ASK[task.kind])}/>", *lines])
    return f"<View>\n{body}\n</View>\n"
