"""Write the page of a run: what was learnt from what, how it went, how well the model reads; figures are those of `evaluation`."""

from pathlib import Path

from pipelines.training.own.card import METHODS, command_of
from pipelines.training.own.curves import curves_svg
from pipelines.training.own.outcome import Outcome
from pipelines.training.pages import render, save_page

REPORT = "report.html"


def save_report(outcome: Outcome, folder: Path) -> None:
    """Write the report into a run's folder."""
    page = render(
        "own_run.html",
        title=f"{outcome.name}: {outcome.options.task}",
        outcome=outcome,
        scores=outcome.evaluation.scores,
        learns=METHODS[outcome.options.method],
        curves=curves_svg(outcome.rounds, best=outcome.fitted.best_round),
        command=command_of(outcome),
    )
    save_page(folder / REPORT, page)
