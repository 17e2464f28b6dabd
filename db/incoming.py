"""Records on their way in, spread over turns that one statement each can save; saving them is left to `db.records`."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from db.cleaning import clean, clean_or_none, to_json
from db.copying import Staging
from pipelines.records import Kind, Record

STAGING = Staging(
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


@dataclass(slots=True)
class Staged:
    """One content on its way in, and the positions of the call that merely repeat it."""

    position: int
    record: Record
    content_hash: bytes
    title: str | None
    text: str
    repeats: list[int]


@dataclass(slots=True)
class Turn:
    """Contents of different external ids, which one statement can save together; the next turn holds what came after.

    `recurring` ids have a part in later turns: they are locked in the first one, all at once, so that none is waited for later.
    """

    number: int
    staged: dict[str, Staged]
    recurring: set[str]

    def pop(self, external_ids: Collection[str]) -> dict[str, Staged]:
        """Take the contents of these ids out of the turn."""
        return {external_id: self.staged.pop(external_id) for external_id in external_ids}

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield what `STAGING` takes."""
        for external_id, one in self.staged.items():
            it = one.record
            metadata = (clean_or_none(it.language), clean_or_none(it.url), clean_or_none(it.author), to_json(it.attributes))
            yield (self.number, external_id, one.content_hash, str(it.kind), one.title, one.text, *metadata, it.published_at)


def take_turns(records: Sequence[Record]) -> list[Turn]:
    """Spread the records over turns: the first content of an id into the first, its next, different one into the second, ..."""
    turns: list[Turn] = []
    latest: dict[str, tuple[int, Staged]] = {}
    for position, record in enumerate(records):
        external_id, title, body = clean(record.external_id), clean_or_none(record.title), clean(record.text)
        digest = content_hash(record.kind, title, body)
        number, before = latest.get(external_id, (-1, None))
        if before and before.content_hash == digest:
            before.repeats.append(position)
            continue
        if number + 1 == len(turns):
            turns.append(Turn(number + 1, {}, set()))
        if before:
            turns[number].recurring.add(external_id)
        staged = Staged(position, record, digest, title, body, [])
        turns[number + 1].staged[external_id] = staged
        latest[external_id] = (number + 1, staged)
    return turns


def content_hash(kind: Kind, title: str | None, body: str) -> bytes:
    """Return what tells one content from another, 32 bytes: kind, title and text count, metadata don't.

    So the same text with another author, time or attribute is a duplicate, and what was stored first stands.
    """
    parts = (kind.encode(), (title or "").encode(), body.encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()
