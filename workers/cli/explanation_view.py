"""Draw one explanation on a terminal: the text in colours, bars of words, texts that matched; the values come from `explain`."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines.explain.values import By, Explanation, Story, TopicExplanation, WordWeight
from workers.cli.analysis_view import SENTIMENT_STYLES

_MOST_WORDS = 12
_BAR = 16
_LEVELS = ((0.6, "#ffffff on #1d6b45", "#ffffff on #9c2f2a"), (0.25, "#1f2933 on #b5dfc8", "#1f2933 on #f0bdb8"), (0.08, "green", "red"))
"""From which share of the heaviest word, how a word for the label and one against it look; each style names both colours it needs."""
_UNSEEN = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def view(story: Story) -> RenderableType:
    """Lay out everything that was told."""
    found = story.sentiment
    parts: list[RenderableType] = [
        Panel(_coloured(story.text, found.words), border_style="dim", padding=(1, 2)),
        _section("sentiment" if found.towards is None else "towards", _answer(found)),
        _section("words", _bars(found)),
    ]
    if story.topic is not None:
        parts.append(_section("topic", _topic(story.topic)))
    if story.note:
        parts.append(_section("topic", Text(f"none: {story.note}", style="dim")))
    spaced = [part for section in parts for part in (section, Text())]
    return Group(*spaced, _footer(story))


def _section(name: str, content: RenderableType) -> RenderableType:
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=9, style="dim", justify="right")
    row.add_column()
    row.add_row(name, content)
    return row


def _coloured(text: str, words: Sequence[WordWeight]) -> Text:
    shown = Text(text.translate(_UNSEEN))
    heaviest = max((abs(word.weight) for word in words), default=0.0)
    for word in words:
        if style := _style(word.weight, heaviest):
            shown.stylize(style, word.start, word.end)
    return shown


def _style(weight: float, heaviest: float) -> str | None:
    share = abs(weight) / heaviest if heaviest else 0.0
    return next((good if weight > 0 else bad for least, good, bad in _LEVELS if share >= least), None)


def _answer(found: Explanation) -> RenderableType:
    words = Text()
    if found.towards is not None:
        words.append(f"{found.towards.word.translate(_UNSEEN)}   ", style="bold underline")
    for name, score in sorted(found.scores.items(), key=lambda pair: -pair[1])[:3]:
        style = SENTIMENT_STYLES.get(name, "cyan")
        words.append(f"{name} {score:.0%}   ", style=f"bold {style}" if name == found.label_given else "dim")
    return Group(words, Text(_balance(found), style="dim"))


def _balance(found: Explanation) -> str:
    blank = "" if found.log_odds_blank is None else f"; of a blank text {found.log_odds_blank:+.2f}"
    return f"log-odds of {found.label} against {found.against}: {found.log_odds:+.2f}{blank}"


def _bars(found: Explanation) -> RenderableType:
    """Draw the heaviest words around an axis: to the right what speaks for the label."""
    heaviest = sorted(found.words, key=lambda word: -abs(word.weight))[:_MOST_WORDS]
    widest = max((abs(word.weight) for word in heaviest), default=0.0) or 1.0
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", overflow="fold", max_width=28)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("", Text(f"{found.against:>{_BAR}} \u2502 {found.label}", style="dim"), "")
    for word in heaviest:
        filled = round(_BAR * abs(word.weight) / widest)
        bar = Text("\u2588" * filled, style="green" if word.weight > 0 else "red")
        gap = Text(" " * (_BAR - filled))
        line = Text(" " * _BAR) + Text(" \u2502 ", "dim") + bar + gap if word.weight > 0 else gap + bar + Text(" \u2502 ", "dim")
        table.add_row(Text(" ".join(word.word.translate(_UNSEEN).split())), line, f"{word.weight:+.2f}")
    more = len(found.words) - len(heaviest)
    return Group(table, Text(f"and {more:,} lighter words; --json lists all", style="dim")) if more > 0 else table


def _topic(found: TopicExplanation) -> RenderableType:
    names = Text()
    for name, score in found.scores.items():
        like = f" (likeness {found.likeness[name]:.2f})" if name in found.likeness else ""
        names.append(f"{name} {score:.0%}{like}   ", style="bold cyan" if name == found.topic else "dim")
    parts: list[RenderableType] = [names]
    if found.topic is None:
        parts.append(Text("none is likely enough", style="italic dim"))
    if found.matches:
        parts.append(_matches(found))
    if found.words is not None:
        parts += [Text(_balance(found.words), style="dim"), _bars(found.words)]
    least = "" if found.threshold is None else f"; a topic takes a likeness of {found.threshold:.2f}"
    return Group(*parts, Text(f"of the taxonomy {found.taxonomy}, {found.kind}{least}", style="dim"))


def _matches(found: TopicExplanation) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("cosine", justify="right")
    for column in ("topic", "matched", "text"):
        table.add_column(column, overflow="fold")
    for match in found.matches:
        style = "" if match.topic == (found.topic or next(iter(found.scores))) else "dim"
        table.add_row(f"{match.likeness:.2f}", match.topic, match.origin, Text(match.text.translate(_UNSEEN)), style=style)
    return table


def _footer(story: Story) -> Text:
    facts = [f"model {story.model.name} {story.model.revision}"]
    if story.sentiment.by is By.GRADIENTS:
        facts.append(f"integrated gradients, {story.sentiment.left_over or 0.0:+.3f} left over")
    else:
        facts.append("occlusion: how the log-odds fall where a word is left out")
    return Text("  " + " \u00b7 ".join(facts), style="dim")
