"""Who changed what, besides sending records; that it is called with every such change is left to the callers."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.tables import Audit


def write_audit(session: Session, action: str, *, who: str, **detail: Any) -> None:
    """Note in the caller's transaction that `who` did `action`; `detail` must be plain JSON and hold no secret."""
    session.execute(insert(Audit).values(who=who, action=action, detail=detail))
