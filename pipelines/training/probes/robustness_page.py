"""Show what a model withstands as a page; what was measured is `robustness`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.training.evaluation.measuring import Evaluation
from pipelines.training.pages import figure_name, number, percent, points, render, save_page
from pipelines.training.plots import figure_svg
from pipelines.training.probes.drawings import draw_drops
from pipelines.training.probes.robustness import Robustness, Trial

_LONGEST = 220
"""In characters: of an example's text no more is shown."""


def save_robustness(path: Path, found: Robustness, *, texts: bool = True) -> None:
    """Write the page; `texts` says whether it may quote a row for each perturbation."""
    n_rows = sum(len(one.examples) for one in found.untouched)
    sections = [_section(one, [trial for trial in found.trials if trial.file == one.file], texts=texts) for one in found.untouched]
    lead = f"Model {found.model} ({found.revision}) on {n_rows:,} rows, changed by seed {found.seed}."
    save_page(path, render("robustness.html", title="Robustness", lead=lead, sections=sections))


def summary(trials: Sequence[Trial]) -> str:
    """Say in one sentence what costs a task most, and what costs it nothing for sure."""
    known = [(one, one.drops[one.main]) for one in trials if one.main in one.drops]
    real = sorted(((one, drop) for one, drop in known if drop.interval.low > 0), key=lambda pair: -pair[1].drop)
    if not known:
        return "No perturbation changed a row."
    if not real:
        return "No perturbation costs more than chance would."
    told = ", ".join(f"{one.perturbation} ({points(-drop.drop)})" for one, drop in real)
    return f"Costs more than chance would, in points of {figure_name(real[0][0].main)}: {told}."


def _section(untouched: Evaluation, trials: Sequence[Trial], *, texts: bool) -> dict[str, Any]:
    main = trials[0].main if trials else ""
    known = [one for one in trials if one.main in one.drops]
    alt = f"Change of {figure_name(main)} by each perturbation, in points, with intervals"
    height = 0.34 * len(known) + 0.9
    return {
        "task": untouched.task,
        "file": untouched.file,
        "facts": _facts(untouched, known, main=main),
        "summary": summary(trials),
        "plot": figure_svg(partial(draw_drops, trials=known), alt=alt, height=height) if known else "",
        "rows": [_row(one) for one in trials],
        "main": figure_name(main),
        "examples": [(one.perturbation, *map(_shortened, one.example)) for one in trials if one.example] if texts else [],
    }


def _facts(untouched: Evaluation, known: Sequence[Trial], *, main: str) -> list[tuple[str, str, str]]:
    facts = [("rows", number(len(untouched.examples)), "")]
    if main in untouched.figures():
        facts.append((figure_name(main), percent(untouched.figures()[main]), "as the rows stand"))
    if known:
        worst = max(known, key=lambda one: one.drops[one.main].drop)
        facts.append(("largest drop", points(-worst.drops[worst.main].drop), worst.perturbation))
        n_real = sum(one.drops[one.main].interval.low > 0 for one in known)
        facts.append(("cost more than chance", f"{n_real} of {len(known)}", "perturbations whose whole interval is a loss"))
    return facts


def _row(trial: Trial) -> list[str]:
    drop = trial.drops.get(trial.main)
    interval = f"{points(-drop.interval.high)} to {points(-drop.interval.low)}" if drop else points(None)
    figures = (percent(drop.before), percent(drop.after), points(-drop.drop)) if drop else (percent(None),) * 3
    return [trial.perturbation, number(trial.n_changed), *figures, interval, percent(trial.flipped), trial.about]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} ..."
