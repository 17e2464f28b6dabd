"""Records into the ledger, once each: new, changed or sent before; cutting them into batches is left to `db.forming`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.among import among
from db.copying import copy_rows
from db.incoming import STAGING, Staged, Turn, take_turns
from db.rollups import touch
from db.tables import Record as Row
from db.tables import Source
from pipelines.records import Document, Kind, Lane, Record

_INSERT_NEW = text("""
    INSERT INTO record (
        source_id, version, job_id, lane, batched_at,
        external_id, content_hash, kind, title, text, language, url, author, attributes, published_at
    )
    SELECT
        :source_id, 1, :job_id, :lane, CASE WHEN :batched THEN now() END,
        external_id, content_hash, kind, title, text, language, url, author, attributes, published_at
    FROM pg_temp.incoming_record WHERE turn = :turn
    ORDER BY external_id  -- so that two intakes of the same ids never wait for each other in a ring
    ON CONFLICT DO NOTHING  -- of any index: a version that commits just now may be seen by that of versions first
    RETURNING external_id, id
""")
_FIND_CURRENT = text("""
    SELECT external_id, id, content_hash FROM record
    WHERE source_id = :source_id AND superseded_at IS NULL AND external_id = ANY(:external_ids)
""")
_LOCK_CURRENT = text("SELECT id FROM record WHERE id = ANY(:ids) AND superseded_at IS NULL ORDER BY id FOR NO KEY UPDATE")
_SUPERSEDE = text("UPDATE record SET superseded_at = now() WHERE id = ANY(:ids)")
_INSERT_VERSIONS = text("""
    INSERT INTO record (
        source_id, version, job_id, lane, batched_at,
        external_id, content_hash, kind, title, text, language, url, author, attributes, published_at
    )
    SELECT
        :source_id, old.version + 1, :job_id, :lane, CASE WHEN :batched THEN now() END,
        external_id, it.content_hash, it.kind, it.title, it.text, it.language, it.url, it.author, it.attributes, it.published_at
    FROM pg_temp.incoming_record AS it JOIN record AS old USING (external_id)
    WHERE old.id = ANY(:ids) AND turn = :turn
    ORDER BY external_id
    RETURNING external_id, id
""")


_MAX_LOOKS = 100


class Unsettled(Exception):
    """Others change the same records all the time, or an id has versions and none is current; nothing was saved."""


class Outcome(StrEnum):
    """What saving a record did: stored it, stored a new version of it, or nothing, since it is there unchanged."""

    NEW = "new"
    CHANGED = "changed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one record; `record_id` is its row, also where it was there before."""

    external_id: str
    record_id: int
    outcome: Outcome


def save_records(session: Session, records: Sequence[Record], *, source_id: int, job_id: UUID, lane: Lane, batched: bool) -> list[Stored]:
    """Save records of one source and say what became of each, in order, as though they had come one after the other.

    A text unknown under its external id is `new`; another text than the current one is `changed`: a row with the next version, and
    the old one superseded, never lost; the current text is a `duplicate`. An id repeated in one call follows the same rule, so
    its last text is the current version. Two callers at once: whoever comes second sees what the first committed.
    `batched=False` leaves the records for `form_lingering`. NUL and lone surrogates become U+FFFD, so offsets hold.
    Ids of new rows follow the order of external ids, not of the call.
    """
    turns = take_turns(records)
    fixed = {"source_id": source_id, "job_id": job_id, "lane": str(lane), "batched": batched}
    found = _find_unchanged(session, turns[0], source_id) if turns else {}
    stored = _tell(turns[0].pop(found), found, records) if found else {}
    waiting = [turn for turn in turns if turn.staged]
    if waiting:
        copy_rows(session, STAGING, (row for turn in waiting for row in turn.rows()))
    for turn in waiting:
        stored |= _tell(turn.staged, _store_turn(session, turn, fixed | {"turn": turn.number}), records)
    return [stored[index] for index in range(len(records))]


def read_documents(session: Session, record_ids: Sequence[int]) -> list[Document]:
    """Return what the analyzer reads of these records, by id; those superseded, quarantined or erased are left out."""
    columns = (Row.id, Row.kind, Row.text, Row.title, Row.language, Source.taxonomy)
    wanted = (among(Row.id, record_ids), Row.superseded_at.is_(None), Row.state != "quarantined")
    rows = session.execute(select(*columns).join(Source, Source.id == Row.source_id).where(*wanted).order_by(Row.id))
    return [Document(row.id, Kind(row.kind), row.text, row.taxonomy, row.title, row.language) for row in rows]


def _find_unchanged(session: Session, turn: Turn, source_id: int) -> dict[str, tuple[int, Outcome]]:
    """Return the ids whose current text is the one sent and stays it in this call: nothing to copy, nothing to lock."""
    current = session.execute(_FIND_CURRENT, {"source_id": source_id, "external_ids": list(turn.staged)})
    return {
        row.external_id: (row.id, Outcome.DUPLICATE)
        for row in current
        if row.content_hash == turn.staged[row.external_id].content_hash and row.external_id not in turn.recurring
    }


def _tell(staged: dict[str, Staged], found: dict[str, tuple[int, Outcome]], records: Sequence[Record]) -> dict[int, Stored]:
    """Return by position what became of these contents and of those that merely repeat them."""
    told: dict[int, Stored] = {}
    for external_id, one in staged.items():
        record_id, outcome = found[external_id]
        told[one.position] = Stored(one.record.external_id, record_id, outcome)
        told |= {index: Stored(records[index].external_id, record_id, Outcome.DUPLICATE) for index in one.repeats}
    return told


def _store_turn(session: Session, turn: Turn, values: dict[str, Any]) -> dict[str, tuple[int, Outcome]]:
    """Store one turn; where another intake changed a record in between, let go of every lock and look again.

    Somebody else got ahead each time, so the number of looks only ends what could never end well.
    """
    for _ in range(_MAX_LOOKS):
        attempt = session.begin_nested()
        found = _try_turn(session, turn, values)
        if found is not None:
            attempt.commit()
            return found
        attempt.rollback()
    raise Unsettled(f"{Unsettled.__doc__} Source: {values['source_id']}")


def _try_turn(session: Session, turn: Turn, values: dict[str, Any]) -> dict[str, tuple[int, Outcome]] | None:
    found = {external_id: (record_id, Outcome.NEW) for external_id, record_id in session.execute(_INSERT_NEW, values)}
    known = [external_id for external_id in turn.staged if external_id not in found]
    current = session.execute(_FIND_CURRENT, values | {"external_ids": known}).all() if known else []
    same = {row.external_id: row.id for row in current if row.content_hash == turn.staged[row.external_id].content_hash}
    found |= {external_id: (record_id, Outcome.DUPLICATE) for external_id, record_id in same.items()}
    outdated = [row.id for row in current if row.external_id not in same]
    locked = outdated + [same[external_id] for external_id in same if external_id in turn.recurring]
    if locked and len(session.execute(_LOCK_CURRENT, {"ids": locked}).all()) < len(locked):
        return None
    if outdated:
        touch(session, outdated)
        session.execute(_SUPERSEDE, {"ids": outdated})
        changed = session.execute(_INSERT_VERSIONS, values | {"ids": outdated})
        found |= {external_id: (record_id, Outcome.CHANGED) for external_id, record_id in changed}
    return found if len(found) == len(turn.staged) else None
