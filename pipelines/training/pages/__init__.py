"""Write the workshop's pages: one self-contained HTML file each, from the templates in this folder; what they say is the caller's.

Every page extends `base.html` (look, header, footer) and may import `parts.html` (figures, tables, facts, notes).
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.training.extras import require

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
FIGURES = {"ece": "calibration error", "auc": "ROC-AUC", "brier": "Brier score"}


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder; a value that it needs and does not get is an error, and all text is escaped.

    `title` is what every page wants; plots are what `plots.figure_svg` returns.
    """
    return _environment().get_template(template).render(**values)


def save_page(path: Path, html: str) -> None:
    """Write a page, its folder too if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def percent(value: float | None, digits: int = 1) -> str:
    """Show a share as a percentage: 0.873 as 87.3%; a dash for None and NaN."""
    return DASH if _is_unknown(value) else f"{value:.{digits}%}"


def points(value: float | None, digits: int = 1) -> str:
    """Show a difference of shares in points, with its sign: -0.012 as -1.2; a dash for None and NaN."""
    return DASH if _is_unknown(value) else f"{100 * (value or 0):+.{digits}f}".replace("-", MINUS)


def number(value: float | None, digits: int = 3) -> str:
    """Show a count with its thousands apart, any other number with `digits` decimals; a dash for None and NaN."""
    if value is None or _is_unknown(value):
        return DASH
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{digits}f}".replace("-", MINUS)


def words(name: str) -> str:
    """Show a name such as `out_of_scope` as words."""
    return name.replace("_", " ")


def figure_name(name: str) -> str:
    """Show the name of a figure as people write it: `macro_f1` as macro F1."""
    return FIGURES.get(name, words(name).replace("f1", "F1"))


def columns(headings: Sequence[str]) -> list[tuple[str, str]]:
    """Give the macro `table` its columns: names at the left of the first, figures at the right of the others."""
    return [(heading, "right" if place else "left") for place, heading in enumerate(headings)]


def _is_unknown(value: float | None) -> bool:
    return value is None or value != value  # noqa: PLR0124  (NaN alone differs from itself)


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    jinja2 = require("jinja2", wanted_for="an HTML page")
    made: Environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(percent=percent, points=points, number=number, words=words, figure_name=figure_name, columns=columns)
    return made
