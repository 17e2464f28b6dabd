"""How far each source may be judged: the clock of event time that the alert scan follows; the judging is left to `workers.alerting`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ScalarSelect, Text, func, literal, select, update
from sqlalchemy.orm import Session

from db.rollups import EPOCH
from db.tables import IncidentPart, Job, Record, RollupTouched, Source
from pipelines.records import Lane

ABANDONED_AFTER = timedelta(hours=1)
"""A job that was left open for so long (its sender died) no longer holds the end of a stream back."""


FURTHEST = timedelta(days=7)
"""How much further back than a late record a scan goes, however many parts were open one after the other; none lasts so long."""


_N_ARRIVALS, _MOST = 100, 0.9


@dataclass(frozen=True, slots=True)
class Held:
    """A source locked for one scan; `scanned_until` is None before the first.

    `rejudge_from` is the start of the oldest bucket that live records changed after it was judged.
    """

    id: int
    name: str
    scanned_until: datetime | None
    rejudge_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Bucket ends to judge: after `after`, up to and including `until`."""

    after: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The newest live records of a source: the last event, the last arrival, and how long after their event most arrived."""

    newest_at: datetime
    newest_received_at: datetime
    delay: timedelta


@dataclass(frozen=True, slots=True)
class _Facts:
    oldest_at: datetime | None
    newest_at: datetime | None
    newest_received_at: datetime | None
    pending_at: datetime | None
    touched_at: datetime | None
    n_open_jobs: int


def source_ids(session: Session) -> Sequence[int]:
    """Return every source, in a fixed order."""
    return session.scalars(select(Source.id).order_by(Source.id)).all()


def hold_source(session: Session, source_id: int) -> Held | None:
    """Lock a source until the transaction ends; None if another scan has it. New records are not kept waiting."""
    row = session.execute(
        select(Source.id, Source.name, Source.scanned_until, Source.rejudge_from)
        .where(Source.id == source_id)
        .with_for_update(skip_locked=True, key_share=True)
    ).one_or_none()
    return row and Held(*row)


def span_to_judge(
    session: Session, held: Held, *, bucket: timedelta, lateness: timedelta, idle: timedelta, rejudges: timedelta, now: datetime
) -> Span | None:
    """Return what can be judged for good now; None while there is nothing.

    The watermark stays behind every live record that waits for its analysis, every bucket that waits for its rollup, and
    `lateness` behind the newest event. A stream that ended (its newest event is over `lateness` old and came over `idle` ago,
    and nobody is sending live records) is judged to its end. Backfilled records neither move it nor hold it back. Live records
    that turn up behind it make it go back to them, at most by `rejudges`, and then to before every part that was open there; so
    the span may end where it ended before. Nothing before 1970 is judged.
    """
    facts = _facts(session, held, now=now)
    if facts.newest_at is None or facts.oldest_at is None or facts.newest_received_at is None:
        return None
    ended = not facts.n_open_jobs and now - facts.newest_at > lateness and now - facts.newest_received_at > idle
    until = floor(facts.newest_at, bucket) + bucket if ended else facts.newest_at - lateness
    until = floor(min(one for one in (until, facts.pending_at, facts.touched_at) if one), bucket)
    if held.scanned_until is None:
        after = max(floor(facts.oldest_at, bucket), EPOCH)
    else:
        after, until = _rewound(session, held, bucket=bucket, rejudges=rejudges), max(until, held.scanned_until)
    return Span(after, until) if until > after else None


def read_arrivals(session: Session, source_id: int, *, now: datetime) -> Arrivals | None:
    """Return how the newest live records came in; None where there are none."""
    live = (Record.source_id == source_id, Record.lane == _spelt(Lane.LIVE), Record.superseded_at.is_(None), Record.published_at <= now)
    newest = (
        select(Record.published_at, Record.received_at)
        .where(*live)
        .order_by(Record.published_at.desc())
        .limit(_N_ARRIVALS)
        .subquery("newest")
    )
    delay = func.percentile_disc(_MOST).within_group(newest.c.received_at - newest.c.published_at)
    found = session.execute(select(func.max(newest.c.published_at), func.max(newest.c.received_at), delay)).one()
    return Arrivals(*found) if found[0] else None


def advance(session: Session, held: Held, *, until: datetime) -> None:
    """Note that the source is judged up to `until`, late records too."""
    session.execute(update(Source).where(Source.id == held.id).values(scanned_until=until, rejudge_from=None))


def floor(at: datetime, bucket: timedelta) -> datetime:
    """Return the start of the bucket that holds `at`."""
    return EPOCH + (at - EPOCH) // bucket * bucket


def _rewound(session: Session, held: Held, *, bucket: timedelta, rejudges: timedelta) -> datetime:
    """Return from where on to judge: how far it was judged, or further back where late records came.

    A part's state is known where it opened and where it stands, not in between: so back to where none was open, or to `FURTHEST`.
    """
    if held.scanned_until is None or held.rejudge_from is None:
        return held.scanned_until or EPOCH
    after = max(floor(held.rejudge_from, bucket), floor(held.scanned_until - rejudges, bucket), EPOCH)
    if after >= held.scanned_until:
        return held.scanned_until
    earliest = max(after - FURTHEST, EPOCH)
    while (opened_at := _opened_there(session, held, at=after)) and after > earliest:
        after = max(floor(opened_at, bucket) - bucket, earliest)
    return after


def _opened_there(session: Session, held: Held, *, at: datetime) -> datetime | None:
    """Return the earliest opening of the parts that had opened at `at` and not yet resolved."""
    of_source = (IncidentPart.source_id == held.id, IncidentPart.metric != "silence", IncidentPart.withdrawn_at.is_(None))
    was_open = (IncidentPart.opened_at <= at, IncidentPart.resolved_at.is_(None) | (IncidentPart.resolved_at > at))
    return session.scalar(select(func.min(IncidentPart.opened_at)).where(*of_source, *was_open))


def _facts(session: Session, held: Held, *, now: datetime) -> _Facts:
    """Read everything the watermark depends on in one statement, hence from one snapshot."""
    live = (Record.source_id == held.id, Record.lane == _spelt(Lane.LIVE), Record.superseded_at.is_(None))
    newest = (*live, Record.published_at <= now)
    pending = select(func.min(Record.published_at)).where(*live, Record.state == _spelt("pending"))
    touched = select(func.min(RollupTouched.bucket_at)).where(RollupTouched.source_id == held.id)
    if held.scanned_until:  # what is late already holds nothing back
        pending = pending.where(Record.published_at >= held.scanned_until)
        touched = touched.where(RollupTouched.bucket_at >= held.scanned_until)
    jobs = select(func.count()).where(Job.closed_at.is_(None), Job.lane == Lane.LIVE, Job.created_at > now - ABANDONED_AFTER)
    return _Facts(
        *session.execute(
            select(
                _first(select(Record.published_at).where(*live).order_by(Record.published_at)),
                _first(select(Record.published_at).where(*newest).order_by(Record.published_at.desc())),
                _first(select(Record.received_at).where(*newest).order_by(Record.published_at.desc())),
                pending.scalar_subquery(),
                touched.scalar_subquery(),
                jobs.scalar_subquery(),
            )
        ).one()
    )


def _spelt(value: str) -> BindParameter[str]:
    """Return `value` spelt out in the statement: a parameter would hide from a prepared plan that a partial index serves."""
    return literal(str(value), Text, literal_execute=True)


def _first(query: object) -> ScalarSelect[datetime | None]:
    return query.limit(1).scalar_subquery()  # type: ignore[attr-defined, no-any-return]
