"""Keeps intake from promising more than can be analysed: too much waiting is refused, never queued in memory."""

from sqlalchemy.orm import Session

from db.batches import backlog
from workers.errors import Overloaded
from workers.settings import settings

RETRY_AFTER_S = 10


def refuse_overload(session: Session) -> None:
    """Raise Overloaded, naming the limit, while more records wait for analysis than the settings allow."""
    limit = settings().intake.max_backlog_records
    waiting = backlog(session).n_records
    if waiting >= limit:
        message = (
            f"{waiting:,} records wait for analysis; the limit (BELLWETHER_INTAKE__MAX_BACKLOG_RECORDS) is {limit:,}. "
            "Nothing of this was taken: send it again later, or start more workers."
        )
        raise Overloaded(message, retry_after_s=RETRY_AFTER_S)
