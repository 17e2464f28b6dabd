"""Records into the ledger, once each: new, changed or sent before; cutting them into batches is left to `db.forming`."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.cleaning import clean, clean_or_none, to_json
from db.copying import Staging, copy_rows
from db.tables import Record as Row
from db.tables import Source
from pipelines.records import Document, Kind, Lane, Record

_STAGING = Staging(
    "incoming_record",
    {
        "turn": "int",
        "external_id": "text",
        "content_hash": "bytea",
        "kind": "text",
        "title": "text",
        "text": "text",
        "language": "text",
        "url": "text",
        "author": "text",
        "attributes": "jsonb",
        "published_at": "timestamptz",
    },
)

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
    ON CONFLICT (source_id, external_id) WHERE superseded_at IS NULL DO NOTHING
    RETURNING external_id, id
""")
_FIND_CURRENT = text("""
    SELECT external_id, record.id, record.content_hash = incoming.content_hash AS is_same
    FROM record JOIN pg_temp.incoming_record AS incoming USING (external_id)
    WHERE source_id = :source_id AND superseded_at IS NULL AND turn = :turn
""")
_LOCK_CURRENT = text("SELECT id FROM record WHERE id = ANY(:ids) AND superseded_at IS NULL ORDER BY id FOR NO KEY UPDATE")
_SUPERSEDE = text("UPDATE record SET superseded_at = now() WHERE id = ANY(:ids)")
_TOUCH = text("""
    INSERT INTO rollup_touched (source_id, bucket_at)
    SELECT DISTINCT source_id, date_trunc('minute', published_at) FROM record WHERE id = ANY(:ids) AND state = 'done'
""")
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


def content_hash(kind: Kind, title: str | None, body: str) -> bytes:
    """Return what tells one content from another, 32 bytes: kind, title and text count, metadata don't.

    So the same text with another author, time or attribute is a duplicate, and what was stored first stands.
    """
    parts = (kind.encode(), (title or "").encode(), body.encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()


def save_records(session: Session, records: Sequence[Record], *, source_id: int, job_id: UUID, lane: Lane, batched: bool) -> list[Stored]:
    """Save records of one source and say what became of each, in order, as though they had come one after the other.

    A text unknown under its external id is `new`; another text than the current one is `changed`: a row with the next version, and
    the old one superseded, never lost; the current text is a `duplicate`. An id repeated in one call follows the same rule, so
    its last text is the current version. Two callers at once: whoever comes second sees what the first committed.
    `batched=False` leaves the records for `form_lingering`. NUL and lone surrogates become U+FFFD, so offsets hold.
    Ids of new rows follow the order of external ids, not of the call.
    """
    turns = _take_turns(records)
    copy_rows(session, _STAGING, (row for turn in turns for row in turn.rows()))
    fixed = {"source_id": source_id, "job_id": job_id, "lane": str(lane), "batched": batched}
    stored: dict[int, Stored] = {}
    for number, turn in enumerate(turns):
        found = _store_turn(session, fixed | {"turn": number}, n_expected=len(turn.staged))
        for external_id, staged in turn.staged.items():
            record_id, outcome = found[external_id]
            stored[staged.position] = Stored(staged.record.external_id, record_id, outcome)
            stored |= {index: Stored(records[index].external_id, record_id, Outcome.DUPLICATE) for index in staged.repeats}
    return [stored[index] for index in range(len(records))]


def read_documents(session: Session, record_ids: Sequence[int]) -> list[Document]:
    """Return what the analyzer reads of these records, by id; those superseded, quarantined or erased are left out."""
    columns = (Row.id, Row.kind, Row.text, Row.title, Row.language, Source.taxonomy)
    wanted = (Row.id.in_(record_ids), Row.superseded_at.is_(None), Row.state != "quarantined")
    rows = session.execute(select(*columns).join(Source, Source.id == Row.source_id).where(*wanted).order_by(Row.id))
    return [Document(row.id, Kind(row.kind), row.text, row.title, row.language, row.taxonomy) for row in rows]


@dataclass(slots=True)
class _Staged:
    """One content on its way in, and the positions of the call that merely repeat it."""

    position: int
    record: Record
    content_hash: bytes
    title: str | None
    text: str
    repeats: list[int]


@dataclass(slots=True)
class _Turn:
    """Contents of different external ids, which one statement can save together; the next turn holds what came after."""

    number: int
    staged: dict[str, _Staged]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield what `_STAGING` takes."""
        for external_id, one in self.staged.items():
            it = one.record
            metadata = (clean_or_none(it.language), clean_or_none(it.url), clean_or_none(it.author), to_json(it.attributes))
            yield (self.number, external_id, one.content_hash, str(it.kind), one.title, one.text, *metadata, it.published_at)


def _take_turns(records: Sequence[Record]) -> list[_Turn]:
    """Spread the records over turns: the first content of an id into the first, its next, different one into the second, ..."""
    turns: list[_Turn] = []
    latest: dict[str, tuple[int, _Staged]] = {}
    for position, record in enumerate(records):
        external_id, title, body = clean(record.external_id), clean_or_none(record.title), clean(record.text)
        digest = content_hash(record.kind, title, body)
        number, before = latest.get(external_id, (-1, None))
        if before and before.content_hash == digest:
            before.repeats.append(position)
            continue
        if number + 1 == len(turns):
            turns.append(_Turn(number + 1, {}))
        staged = _Staged(position, record, digest, title, body, [])
        turns[number + 1].staged[external_id] = staged
        latest[external_id] = (number + 1, staged)
    return turns


def _store_turn(session: Session, values: dict[str, Any], *, n_expected: int) -> dict[str, tuple[int, Outcome]]:
    """Store one turn; where another intake changed a record in between, let go of every lock and look again."""
    while True:
        attempt = session.begin_nested()
        found = _try_turn(session, values, n_expected=n_expected)
        if found is not None:
            attempt.commit()
            return found
        attempt.rollback()


def _try_turn(session: Session, values: dict[str, Any], *, n_expected: int) -> dict[str, tuple[int, Outcome]] | None:
    found = {external_id: (record_id, Outcome.NEW) for external_id, record_id in session.execute(_INSERT_NEW, values)}
    current = [row for row in session.execute(_FIND_CURRENT, values) if row.external_id not in found]
    found |= {row.external_id: (row.id, Outcome.DUPLICATE) for row in current if row.is_same}
    outdated = [row.id for row in current if not row.is_same]
    if outdated:
        if len(session.execute(_LOCK_CURRENT, {"ids": outdated}).all()) < len(outdated):
            return None
        session.execute(_TOUCH, {"ids": outdated})
        session.execute(_SUPERSEDE, {"ids": outdated})
        changed = session.execute(_INSERT_VERSIONS, values | {"ids": outdated})
        found |= {external_id: (record_id, Outcome.CHANGED) for external_id, record_id in changed}
    return found if len(found) == n_expected else None
