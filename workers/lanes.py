"""Leave out turns that only backfilled records make: a backfill of old records pages nobody; what is found besides is left alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from db.evidence import count_backfilled
from workers.incidents.matching import pair
from workers.judging import Judged

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.parts import Part, PartView
    from workers.alert_settings import Rule


def without_backfill(session: "Session", judged: Judged, *, rule: "Rule", known: "Sequence[PartView]") -> Judged:
    """Drop new turns whose peak would be none without the records that came as a backfill.

    Should live records carry it on, a later scan finds it by those.
    """
    new = {id(part) for part in pair(judged.found, stored=known, withdrawn=()).new}
    return replace(judged, found=[part for part in judged.found if id(part) not in new or _stands(session, part, rule=rule)])


def _stands(session: "Session", part: "Part", *, rule: "Rule") -> bool:
    n_old, n_old_negative = count_backfilled(session, part)
    if not n_old:
        return True
    n, n_negative = part.n - n_old, part.n_negative - n_old_negative
    if n < rule.min_records or (rule.metric != "volume" and n_negative < rule.min_negatives):
        return False
    observed = {"share": n_negative / n, "negatives": n_negative, "volume": n}[rule.metric]
    if rule.metric == "share" and (1 - observed) * rule.min_ratio <= 1 - part.expected:
        return True
    return observed >= rule.min_ratio * part.expected
