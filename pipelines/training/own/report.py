"""Write the page of a run: how well the model reads, how it learnt, from what; its figures are told by `evaluation.report`."""

from collections import Counter
from pathlib import Path

from pipelines.training.evaluation.comparison import compare
from pipelines.training.evaluation.report import Part, section
from pipelines.training.own.card import METHODS, command_of, duration, kept
from pipelines.training.own.curves import curves_svg
from pipelines.training.own.lesson import labels_said
from pipelines.training.own.outcome import Outcome
from pipelines.training.pages import number, percent, render, save_page, words

REPORT = "report.html"


def save_report(outcome: Outcome, folder: Path) -> None:
    """Write the report into a run's folder."""
    page = render(
        "own_run.html",
        title=outcome.name,
        outcome=outcome,
        base=_base(outcome),
        sizes=_sizes(outcome),
        section=section(_part(outcome)),
        learns=METHODS[outcome.options.method],
        kept=kept(outcome.fitted),
        curves=curves_svg(outcome.rounds, best=outcome.fitted.best_round),
        drifts=[[words(one.head), number(one.n), percent(one.agreement), number(one.shift)] for one in outcome.drifts],
        files=[[one["name"], use, one["sha256"][:16]] for use, those in outcome.run["data"].items() for one in those],
        counts=_counts(outcome),
        command=command_of(outcome),
    )
    save_page(folder / REPORT, page)


def _base(outcome: Outcome) -> str:
    base = outcome.run["base"]
    return f"{base['name']} ({base['revision']})"


def _sizes(outcome: Outcome) -> list[tuple[str, str, str]]:
    rows = outcome.run["n_rows"]
    return [
        ("rows to learn from", number(rows["train"]), f"{number(rows['dev'])} more to stop by, {number(rows['test'])} to measure"),
        ("labels", number(len(outcome.lesson.labels)), ""),
        ("training took", duration(outcome.seconds), f"{outcome.fitted.n_rounds} rounds"),
    ]


def _part(outcome: Outcome) -> Part:
    """Hold the model against what there was before, if there was something."""
    mine, other = outcome.evaluation, outcome.before or outcome.beside
    return Part([mine], compare(mine, other) if other else None)


def _counts(outcome: Outcome) -> list[list[str]]:
    lesson = outcome.lesson
    parts = [
        Counter(label for example in part for label in labels_said(lesson.task, example))
        for part in (lesson.train, lesson.dev, lesson.test)
    ]
    return [[words(label), *(number(part[label]) for part in parts)] for label in lesson.labels]
