"""What a caller is told of the records it handed in; how it is printed or sent is left to the CLI and the API."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

SHOWN_REJECTS = 20


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one row: new, changed, duplicate or rejected; `line` counts from 1 in the file or request."""

    line: int | None
    status: str
    external_id: str | None = None
    record_id: int | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission; `rejects` holds the first few of `n_rejected`.

    `replayed`: the idempotency key was used before for the same content, and these are that job's numbers.
    """

    job_id: UUID
    n_new: int = 0
    n_changed: int = 0
    n_duplicate: int = 0
    n_rejected: int = 0
    rejects: tuple[Item, ...] = field(default=())
    replayed: bool = False

    @property
    def n_accepted(self) -> int:
        """How many records will be analysed."""
        return self.n_new + self.n_changed

    @property
    def n_rows(self) -> int:
        """How many rows were handed in."""
        return self.n_accepted + self.n_duplicate + self.n_rejected

    def sentence(self) -> str:
        """Say it in one line, such as "2,000 new, 0 changed, 0 duplicates, 3 rejected (quarantined)"."""
        if self.replayed:
            return f"sent before under the same key, as job {self.job_id}: {self.n_accepted:,} accepted, {self.n_rejected:,} rejected"
        if not self.n_rows:
            return "nothing in it: no records"
        if self.n_duplicate == self.n_rows:
            return f"nothing new: {'all ' if self.n_rows > 1 else ''}{_count(self.n_rows, 'record')} {_were(self.n_rows)} sent before"
        rejected = f"{self.n_rejected:,} rejected" + (" (quarantined)" if self.n_rejected else "")
        return f"{self.n_new:,} new, {self.n_changed:,} changed, {_count(self.n_duplicate, 'duplicate')}, {rejected}"

    def as_dict(self) -> Mapping[str, Any]:
        """Return the receipt as plain JSON."""
        return asdict(self) | {"job_id": str(self.job_id), "rejects": [asdict(item) for item in self.rejects]}


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _were(n: int) -> str:
    return "was" if n == 1 else "were"
