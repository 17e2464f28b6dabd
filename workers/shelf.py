"""Puts records under their sources: which row, kind and taxonomy a source has; the records themselves are `db.records`' work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from db import sources
from db.records import Stored, save_records
from pipelines.records import Kind, Lane, Record
from workers.settings import Settings


@dataclass(slots=True)
class Shelf:
    """The sources of one submission, found or made once each; `kind` and `taxonomy` given by the caller change a source that exists."""

    kind: Kind | None
    taxonomy: str | None
    chosen: Settings
    _ids: dict[str, int] = field(default_factory=dict)

    def save(self, session: Session, records: Sequence[Record], *, job_id: UUID, lane: Lane, batched: bool) -> list[Stored]:
        """Save records of any sources; the answers come in the records' order."""
        by_source: dict[str, list[int]] = {}
        for index, record in enumerate(records):
            by_source.setdefault(record.source, []).append(index)
        stored: dict[int, Stored] = {}
        for name in sorted(by_source):  # in one order, so that two submissions never wait for each other in a ring
            indexes = by_source[name]
            mine = [records[index] for index in indexes]
            source_id = self._source_id(session, name, kind=mine[0].kind)
            stored |= zip(indexes, save_records(session, mine, source_id=source_id, job_id=job_id, lane=lane, batched=batched), strict=True)
        return [stored[index] for index in range(len(records))]

    def known(self) -> Mapping[str, int]:
        """Return the sources found so far, to `recall` them should the transaction roll back."""
        return dict(self._ids)

    def recall(self, known: Mapping[str, int]) -> None:
        """Forget every source but `known`."""
        self._ids = dict(known)

    def _source_id(self, session: Session, name: str, *, kind: Kind) -> int:
        if name not in self._ids:
            self._ids[name] = self._find(session, name, kind=kind)
        return self._ids[name]

    def _find(self, session: Session, name: str, *, kind: Kind) -> int:
        own = self.chosen.sources.get(name)
        taxonomy = self.taxonomy or (own.taxonomy if own else None)
        source_id = sources.ensure_source(session, name, kind=kind, taxonomy=taxonomy or self.chosen.default_taxonomies[kind.value])
        if taxonomy or self.kind:
            sources.update_source(session, name, kind=self.kind, taxonomy=taxonomy)
        return source_id
