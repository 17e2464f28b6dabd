"""Which rules are in force: those of the settings and those that people added; judging by them is left to `workers.judging`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from db import audit
from db import rules as stored
from workers.alert_settings import FEED_SILENT, Rule
from workers.errors import Conflict, NotFound, UsageError
from workers.rules_file import check_rule, misfit
from workers.settings import settings
from workers.turns import rule_hash

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.rules import Origin

_log = structlog.get_logger("bellwether.alerts")


@dataclass(frozen=True, slots=True)
class Named:
    """A rule with its name and hash; `origin` is settings, cli or api, or removed."""

    name: str
    rule: Rule
    hash: str
    origin: str


_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")


def in_force(session: "Session") -> dict[str, Rule]:
    """Return the rules that the scan judges by, by name; one that no longer fits the buckets is left out, and said so in the log."""
    added = {one.name: one for one in stored.list_rules(session) if one.origin != "settings"}
    rules = dict(settings().alerts.rules)
    for name in sorted(added.keys() - rules.keys()):
        try:
            rules[name] = checked(name, added[name].settings)
        except UsageError as error:
            _log.warning("a rule is not judged by", rule=name, reason=str(error))
    return rules


def save_in_force(session: "Session") -> dict[str, Rule]:
    """Keep the rules of the settings, each version under its hash, and return what is in force."""
    rules = settings().alerts.rules
    kept = {one.name: one.hash for one in stored.list_rules(session) if one.origin == "settings"}
    for name, rule in sorted(rules.items()):
        if kept.get(name) != rule_hash(rule):
            stored.save_rule(session, name, settings=rule.model_dump(mode="json"), digest=rule_hash(rule), origin="settings")
    if kept.keys() - rules.keys():
        stored.remove_unnamed(session, names=rules)
    return in_force(session)


def checked(name: str, fields: Mapping[str, Any]) -> Rule:
    """Return the rule that `fields` describe; raise UsageError if it is none, or is not written in whole buckets."""
    rule = check_rule(name, fields)
    if complaint := misfit(rule, bucket=settings().rollups.bucket):
        raise UsageError(f"rule {name}: {complaint}")
    return rule


def add(session: "Session", name: str, *, rule: Rule, origin: "Origin", who: str) -> bool:
    """Put a rule in force beside those of the settings; False if it was just so already. Raise Conflict where the settings name it."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a rule: write letters, digits, dots, hyphens and underscores, 64 at most")
    _refuse_settings(name)
    is_new = stored.save_rule(session, name, settings=rule.model_dump(mode="json"), digest=rule_hash(rule), origin=origin)
    if is_new:
        audit.write_audit(session, "rule.added", who=who, rule=name, hash=rule_hash(rule))
    return is_new


def remove(session: "Session", name: str, *, who: str) -> None:
    """Take a rule that people added out of force; its open incidents end with the next scan. Raise NotFound or Conflict."""
    _refuse_settings(name)
    if not stored.remove_rule(session, name):
        raise NotFound(f"no rule {name} is in force; `bellwether alerts rules list` shows those that are")
    audit.write_audit(session, "rule.removed", who=who, rule=name)


def list_in_force(session: "Session") -> list[Named]:
    """Return what is in force, by name."""
    added = {one.name: one.origin for one in stored.list_rules(session)}
    named = settings().alerts.rules
    return [
        Named(name, rule, rule_hash(rule), "settings" if name in named else added[name]) for name, rule in sorted(in_force(session).items())
    ]


def find(session: "Session", name_or_hash: str) -> Named:
    """Return a rule in force by its name, or any version there was by its hash; raise NotFound."""
    for one in list_in_force(session):
        if name_or_hash in (one.name, one.hash):
            return one
    versions = stored.read_versions(session, name_or_hash)
    if not versions:
        raise NotFound(f"there is no rule {name_or_hash}; `bellwether alerts rules list` shows those in force")
    return Named(versions[0].name, check_rule(versions[0].name, versions[0].settings), versions[0].hash, "removed")


def _refuse_settings(name: str) -> None:
    if name == FEED_SILENT:
        raise Conflict(f"rule {name} is built in: it is set under alerts.silent; choose another name")
    if name in settings().alerts.rules:
        raise Conflict(f"rule {name} stands in the settings: change or remove it there, or choose another name")
