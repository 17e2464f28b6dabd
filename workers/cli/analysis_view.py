"""Draw one analysis on a terminal: the text with its mentions, a bar of sentiment, topics; the values come from `analyze`."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines.records import SENTIMENTS, Analysis, Document, Label, Mention

SENTIMENT_STYLES = dict(zip(SENTIMENTS, ("red", "bright_black", "green"), strict=True))
SENTIMENT_BLOCKS = dict(zip(SENTIMENTS, "\u2593\u2591\u2588", strict=True))  # to be told apart without colours, too
GROUP_STYLES = {"PER": "magenta", "ORG": "cyan", "LOC": "blue", "TICKER": "bold cyan", "MONEY": "yellow", "PERCENT": "yellow"}
_SENSITIVE = "white on dark_red"
_BAR = 48
_SHORT_BAR = 20
_SHOWN_CHARACTERS = 2_000
_MOST_ROWS = 20
_UNSEEN = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
"""Control characters could move the cursor or worse; their stand-in keeps every offset."""


def view(document: Document, analysis: Analysis) -> RenderableType:
    """Lay out everything that was found."""
    parts: list[RenderableType] = [
        Panel(
            _highlighted(document.text, analysis.mentions), title=_title(document), title_align="left", border_style="dim", padding=(1, 2)
        ),
        _section("sentiment", _sentiment(analysis)),
        _section("topics", _topics(analysis)),
    ]
    if analysis.mentions:
        parts.append(_section("entities", _mentions(analysis.mentions)))
    spaced = [part for section in parts for part in (section, Text())]
    return Group(*spaced, _footer(analysis))


def _title(document: Document) -> Text | None:
    return Text(f" {document.title.translate(_UNSEEN)} ", style="bold") if document.title else None


def _section(name: str, content: RenderableType) -> RenderableType:
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=9, style="dim", justify="right")
    row.add_column()
    row.add_row(name, content)
    return row


def _highlighted(text: str, mentions: Iterable[Mention]) -> Text:
    shown = Text(text[:_SHOWN_CHARACTERS].translate(_UNSEEN))
    for mention in mentions:
        shown.stylize(f"{GROUP_STYLES.get(mention.entity_group, _SENSITIVE)} underline", mention.start, mention.end)
    if (more := len(text) - _SHOWN_CHARACTERS) > 0:
        shown.append(f" ... and {more:,} more characters, read but not shown", style="dim")
    return shown


def _sentiment(analysis: Analysis) -> RenderableType:
    bar, words = Text(), Text()
    for name, width in zip(SENTIMENTS, _widths([analysis.sentiment_scores[name] for name in SENTIMENTS]), strict=True):
        style = SENTIMENT_STYLES[name]
        bar.append(SENTIMENT_BLOCKS[name] * width, style=style)
        chosen = name == analysis.sentiment.label
        words.append(f"{name} {analysis.sentiment_scores[name]:.0%}   ", style=f"bold {style}" if chosen else "dim")
    return Group(bar, words)


def _widths(shares: list[float]) -> list[int]:
    """Round shares of one to columns of one bar, so that together they fill it."""
    ends = [round(_BAR * sum(shares[: count + 1])) for count in range(len(shares))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _topics(analysis: Analysis) -> RenderableType:
    if not analysis.topics:
        return Text(f"none: this model knows no topics of {analysis.taxonomy}", style="dim")
    table = Table.grid(padding=(0, 2, 0, 0))
    for topic in analysis.topics:
        chosen = analysis.topic is not None and topic.label == analysis.topic.label
        table.add_row(
            Text(topic.label, style="bold" if chosen else "dim"), _bar(topic, "cyan" if chosen else "bright_black"), f"{topic.score:.0%}"
        )
    if analysis.topic is None:
        table.add_row(Text("none is likely enough", style="italic dim"))
    return Group(table, Text(f"of the taxonomy {analysis.taxonomy}", style="dim"))


def _bar(topic: Label, style: str) -> Text:
    filled = round(_SHORT_BAR * topic.score)
    return Text("\u2501" * filled, style=style) + Text("\u2508" * (_SHORT_BAR - filled), style="grey37")


def _mentions(mentions: tuple[Mention, ...]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in ("type", "word", "entity"):
        table.add_column(column, overflow="fold")
    table.add_column("at", justify="right")
    table.add_column("score", justify="right")
    is_judged = any(one.sentiment for one in mentions)
    if is_judged:
        table.add_column("spoken of")
    for one in mentions[:_MOST_ROWS]:
        group = Text(one.entity_group, style=GROUP_STYLES.get(one.entity_group, _SENSITIVE))
        word = Text(" ".join(one.word.translate(_UNSEEN).split()))
        table.add_row(group, word, Text(one.entity), f"{one.start}-{one.end}", f"{one.score:.2f}", *(_towards(one) if is_judged else ()))
    if (more := len(mentions) - _MOST_ROWS) > 0:
        table.add_row("", Text(f"and {more:,} more; --json lists all", style="dim"))
    return table


def _towards(mention: Mention) -> tuple[Text]:
    said = mention.sentiment
    return (Text(f"{said.label} {said.score:.0%}", style=SENTIMENT_STYLES.get(said.label, "")) if said else Text(),)


def _footer(analysis: Analysis) -> Text:
    facts = (
        f"model {analysis.model.name} {analysis.model.revision}",
        f"language {analysis.language or 'unsure'}",
        f"{analysis.n_tokens:,} tokens in {analysis.n_windows:,} window{'s' if analysis.n_windows > 1 else ''}",
    )
    return Text("  " + " \u00b7 ".join(facts), style="dim")
