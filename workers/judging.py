"""Judge one source's counts by one rule, as the scan and a replay do alike; reading and storing are left to those."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from db.watermarks import Span
from workers.alert_settings import Rule
from workers.turns import Clock, Name

if TYPE_CHECKING:
    from db.incidents import Part, PartView
    from db.rollups import Counted
    from pipelines.baselines import Baselines


@dataclass(frozen=True, slots=True)
class Watched:
    """A source as rules judge it; `first_at` is the start of its first bucket."""

    id: int
    name: str
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the past of each series makes likely, fitted at one moment; `names` are the rows of `baselines`."""

    names: tuple[Name, ...]
    baselines: "Baselines"


Fits = MutableMapping[int, Fitted]
"""Baselines by the number of the bucket at which they were fitted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The turns that are new or have changed, and those known before that the counts no longer bear out."""

    found: "list[Part]"
    withdrawn: "list[PartView]"


def judge(
    rows: "Counted", *, rule_name: str, rule: Rule, clock: Clock, source: Watched, span: Span, known: "Sequence[PartView]", fitted: Fits
) -> Judged:
    """Judge every bucket end of `span`; missing baselines are fitted from `rows` and put into `fitted`.

    `known` are the stored turns of this rule and source that were open at `span.after`, opened since, or ended last before it;
    `rows` must reach back as far as `reach` says. Pure: the same rows, rule and known turns give the same answer.
    """
    raise NotImplementedError


def reach(rule: Rule, *, clock: Clock, span: Span, fitted: Fits) -> datetime:
    """Return since when `judge` needs rows: a window, or a season before each baseline that `fitted` lacks."""
    raise NotImplementedError
