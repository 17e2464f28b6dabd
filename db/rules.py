"""Rules as stored: the settings', those that people added, every version that ever judged; what is in force is left to `workers.rules`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Text, any_, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from db.tables import AlertRule, AlertRuleVersion

Origin = Literal["settings", "cli", "api"]


@dataclass(frozen=True, slots=True)
class RuleView:
    """A stored rule; `settings` as JSON, `origin` says who named it: the settings, or people by command or HTTP."""

    name: str
    settings: Mapping[str, Any]
    hash: str
    origin: str
    updated_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """What a rule's settings once were."""

    name: str
    hash: str
    settings: Mapping[str, Any]
    saved_at: datetime


def save_rule(session: Session, name: str, *, settings: Mapping[str, Any], digest: str, origin: Origin) -> bool:
    """Put a rule in force, over the one of its name if there is any, and keep this version; False if it was in force just so."""
    version = insert(AlertRuleVersion).values(name=name, settings=dict(settings), hash=digest)
    session.execute(version.on_conflict_do_nothing())
    row = insert(AlertRule).values(name=name, settings=dict(settings), hash=digest, origin=origin)
    named = {column: getattr(row.excluded, column) for column in ("settings", "hash", "origin")}
    differs = or_(AlertRule.hash != digest, AlertRule.origin != origin, AlertRule.removed_at.is_not(None))
    changed = row.on_conflict_do_update(
        index_elements=["name"], set_={**named, "updated_at": func.now(), "removed_at": None}, where=differs
    )
    return session.scalar(changed.returning(AlertRule.id)) is not None


def remove_rule(session: Session, name: str) -> bool:
    """Take a rule out of force; False if none of that name is. Its versions stay readable."""
    return bool(_remove(session, (AlertRule.name == name,)))


def remove_unnamed(session: Session, *, names: Collection[str]) -> list[str]:
    """Take out of force the settings' rules that the settings no longer name; return which."""
    gone = (AlertRule.origin == "settings", ~(AlertRule.name == any_(literal(list(names), ARRAY(Text)))))
    return _remove(session, gone)


def list_rules(session: Session, *, in_force: bool = True) -> list[RuleView]:
    """Return rules by name; with those removed unless only those `in_force` are wanted."""
    query = _stored() if not in_force else _stored().where(AlertRule.removed_at.is_(None))
    return [RuleView(*row) for row in session.execute(query.order_by(AlertRule.name))]


def read_rule(session: Session, name: str) -> RuleView | None:
    """Return one rule, removed or not."""
    row = session.execute(_stored().where(AlertRule.name == name)).one_or_none()
    return RuleView(*row) if row else None


def read_versions(session: Session, name_or_hash: str) -> list[RuleVersion]:
    """Return every version of a rule by its name, or those with this hash, the newest first."""
    columns = (AlertRuleVersion.name, AlertRuleVersion.hash, AlertRuleVersion.settings, AlertRuleVersion.saved_at)
    meant = or_(AlertRuleVersion.name == name_or_hash, AlertRuleVersion.hash == name_or_hash)
    return [RuleVersion(*row) for row in session.execute(select(*columns).where(meant).order_by(AlertRuleVersion.saved_at.desc()))]


def _remove(session: Session, which: tuple[Any, ...]) -> list[str]:
    removed = update(AlertRule).where(AlertRule.removed_at.is_(None), *which).values(removed_at=func.now())
    return sorted(session.scalars(removed.returning(AlertRule.name)))


def _stored() -> Any:
    return select(*(getattr(AlertRule, name) for name in RuleView.__dataclass_fields__))
