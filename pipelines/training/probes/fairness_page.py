"""Show whom a model judges differently as a page; what was measured is `fairness.probe`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.training.pages import number, render, save_page, words
from pipelines.training.plots import figure_svg
from pipelines.training.probes.drawings import draw_shifts
from pipelines.training.probes.fairness.probe import Fairness, Finding, sternest
from pipelines.training.probes.fairness.shifts import Shift, Verdict

_MARKS = {Verdict.FAIR: "good", Verdict.UNCERTAIN: "", Verdict.UNFAIR: "bad"}


def save_fairness(path: Path, found: Fairness) -> None:
    """Write the page; it quotes no row."""
    heads = list(dict.fromkeys(one.head for one in found.findings))
    sections = [_section(head, [one for one in found.findings if one.head == head], bound=found.bound) for head in heads]
    values = {
        "lead": f"Model {found.model} ({found.revision}), {found.n_texts:,} texts, seed {found.seed}.",
        "verdict": found.verdict(),
        "mark": _MARKS[found.worst_verdict],
        "items": _facts(found),
        "bound": number(found.bound, 2),
        "sections": sections,
    }
    save_page(path, render("fairness.html", title="Fairness", **values))


def _facts(found: Fairness) -> list[tuple[str, str, str]]:
    n_groups = sum(len(one.shifts) for one in found.findings)
    verdicts = [shift.verdict(one.bound) for one in found.findings for shift in one.shifts]
    return [
        ("comparisons", number(n_groups), "a group, a head, a setting"),
        ("beyond the bound", number(verdicts.count(Verdict.UNFAIR)), f"a shift of more than {found.bound:g}"),
        ("uncertain", number(verdicts.count(Verdict.UNCERTAIN)), "only the interval reaches beyond"),
        ("texts read", number(found.n_texts), ""),
    ]


def _section(head: str, findings: Sequence[Finding], *, bound: float) -> dict[str, Any]:
    axes = list(dict.fromkeys(one.axis for one in findings))
    by_axis = {axis: [one for one in findings if one.axis == axis] for axis in axes}
    return {
        "head": head,
        "worst": [_worst(axis, those) for axis, those in by_axis.items()],
        "plots": [(axis, _plot(axis, those, bound=bound)) for axis, those in by_axis.items()],
        "rows": [_row(one, shift) for those in by_axis.values() for one in those for shift in one.shifts],
    }


def _worst(axis: str, findings: Sequence[Finding]) -> tuple[list[str], str, str]:
    """Return the cells of an axis' row, its verdict and the class that colours it."""
    one = max(findings, key=lambda finding: abs(finding.worst.shift))
    verdict = sternest(each.verdict for each in findings)
    flipped = max(each.flipped for each in findings)
    return [axis, one.worst.group, one.setting, *_figures(one.worst), f"{flipped:.1%}"], str(verdict), _MARKS[verdict]


def _row(finding: Finding, shift: Shift) -> tuple[list[str], str, str]:
    verdict = shift.verdict(finding.bound)
    cells = [finding.axis, finding.setting, shift.group, number(shift.score), *_figures(shift), number(finding.n_sentences)]
    return cells, str(verdict), _MARKS[verdict]


def _figures(shift: Shift) -> list[str]:
    return [_signed(shift.shift), f"{_signed(shift.low)} to {_signed(shift.high)}"]


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _plot(axis: str, findings: Sequence[Finding], *, bound: float) -> str:
    shifts = {one.setting: one.shifts for one in findings}
    n_groups = len(findings[0].shifts)
    alt = f"Shift of the sentiment score by {words(axis)}, with intervals"
    return figure_svg(partial(draw_shifts, shifts=shifts, bound=bound), alt=alt, width=5.2, height=0.34 * n_groups + 1.4)
