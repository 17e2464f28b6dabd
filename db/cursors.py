"""How far each scheduled source has been pulled; what a cursor means is left to `workers.sources`."""

import hashlib
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.tables import SourceCursor


def hold_source(session: Session, name: str) -> bool:
    """Keep other pulls of `name` away until this transaction ends, however that is; False if one runs already."""
    digest = hashlib.sha256(f"bellwether pull {name}".encode()).digest()
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(int.from_bytes(digest[:8], signed=True)))))


def read_cursor(session: Session, name: str) -> dict[str, Any]:
    """Return where the last pull of `name` ended; empty before the first."""
    return session.scalar(select(SourceCursor.cursor).where(SourceCursor.name == name)) or {}


def save_cursor(session: Session, name: str, cursor: dict[str, Any]) -> None:
    """Keep where this pull of `name` ended."""
    row = insert(SourceCursor).values(name=name, cursor=cursor)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"cursor": row.excluded.cursor, "pulled_at": func.now()}))
