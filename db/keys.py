"""API keys: made once, shown once, known by their hash ever after; where they are asked for is left to `workers.api`."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.audit import write_audit
from db.tables import ApiKey

PREFIX = "bw_"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key without its secret."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def create_key(session: Session, name: str, *, who: str) -> str | None:
    """Make a key called `name` and return it, the only time it can be seen; None if the name was ever used."""
    key = PREFIX + secrets.token_urlsafe(32)
    made = insert(ApiKey).values(name=name, hash=_hash(key)).on_conflict_do_nothing(index_elements=["name"]).returning(ApiKey.id)
    if session.scalar(made) is None:
        return None
    write_audit(session, "key.created", who=who, name=name)
    return key


def list_keys(session: Session) -> list[KeyView]:
    """Return every key, oldest first, revoked ones too."""
    return [KeyView(one.name, one.created_at, one.revoked_at) for one in session.scalars(select(ApiKey).order_by(ApiKey.id))]


def revoke_key(session: Session, name: str, *, who: str) -> bool:
    """Refuse the key from now on; False if there is none of that name that works."""
    revoked = update(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None)).values(revoked_at=func.now()).returning(ApiKey.id)
    if session.scalar(revoked) is None:
        return False
    write_audit(session, "key.revoked", who=who, name=name)
    return True


def key_owner(session: Session, key: str) -> str | None:
    """Return the name of a key that works; None otherwise.

    Only hashes are looked up and compared, in constant time, so that timing tells nothing of a key.
    """
    wanted = _hash(key)
    row = session.execute(select(ApiKey.name, ApiKey.hash).where(ApiKey.hash == wanted, ApiKey.revoked_at.is_(None))).one_or_none()
    return row.name if row and hmac.compare_digest(row.hash, wanted) else None


def _hash(key: str) -> bytes:
    """Return the key's SHA-256: a key is 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
