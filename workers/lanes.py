"""Leave out turns that only backfilled records make: a backfill of old records pages nobody; what is found besides is left alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from db.counted import counted
from db.evidence import Series, count_buckets, has_backfill
from pipelines.records import Lane
from workers.incidents.matching import pair
from workers.judging import Fits, Judged, Watched, judge, reach

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.parts import Part, PartView
    from db.watermarks import Span
    from workers.alert_settings import Rule
    from workers.clock import Clock


def without_backfill(
    session: "Session", judged: Judged, *, rule: "Rule", known: "Sequence[PartView]", clock: "Clock", span: "Span", fitted: Fits
) -> Judged:
    """Drop new turns that would be none without the records that came as a backfill.

    Should live records carry one on, a later scan finds it by those.
    """
    new = {id(part) for part in pair(judged.found, stored=known, withdrawn=()).new}
    backfilled = (part for part in judged.found if id(part) in new and _has_backfill(session, part))
    dropped = {id(part) for part in backfilled if not _stands(session, part, rule=rule, clock=clock, span=span, fitted=fitted)}
    return replace(judged, found=[part for part in judged.found if id(part) not in dropped])


def _has_backfill(session: "Session", part: "Part") -> bool:
    return has_backfill(session, part.source_id, since=part.window_from, until=part.peak_at)


def _stands(session: "Session", part: "Part", *, rule: "Rule", clock: "Clock", span: "Span", fitted: Fits) -> bool:
    """Tell whether a part's series turns by its live records alone."""
    series = Series(part.source_id, part.dimension, part.key)
    since = reach(rule, clock=clock, span=span, fitted=fitted)
    rows = count_buckets(session, series, since=since, until=span.until, bucket=clock.bucket, lane=Lane.LIVE)
    if not rows:
        return False
    source, live = Watched(part.source_id, ""), counted(rows, bucket=clock.bucket)
    return bool(judge(live, rule_name=part.rule, rule=rule, clock=clock, source=source, span=span, known=(), fitted=fitted).found)
