from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from db import rules as stored
from db.engine import transaction
from db.tables import Audit
from workers import rules
from workers.alert_settings import DEFAULT_RULES, Rule
from workers.errors import Conflict, NotFound, UsageError
from workers.settings import settings
from workers.turns import rule_hash

PHONES = Rule(metric="volume", min_ratio=3)


@pytest.mark.usefixtures("configured")
def test_in_force_are_the_settings_rules_and_those_people_added(engine: Engine) -> None:
    with transaction(engine) as session:
        rules.save_in_force(session)
        assert rules.add(session, "phones", rule=PHONES, origin="cli", who="ana")

        assert rules.in_force(session) == DEFAULT_RULES | {"phones": PHONES}
        assert [(one.name, one.origin) for one in rules.list_in_force(session)] == [
            *((name, "settings") for name in sorted(DEFAULT_RULES)),
            ("phones", "cli"),
        ]


@pytest.mark.usefixtures("configured")
def test_add_of_the_same_changes_nothing_and_of_another_keeps_both_versions(engine: Engine) -> None:
    louder = PHONES.model_copy(update={"min_ratio": 4.0})
    with transaction(engine) as session:
        changed = [rules.add(session, "phones", rule=one, origin="api", who="ana") for one in (PHONES, PHONES, louder)]

        assert changed == [True, False, True]
        assert rules.in_force(session)["phones"] == louder
        assert {one.hash for one in stored.read_versions(session, "phones")} == {rule_hash(PHONES), rule_hash(louder)}


@pytest.mark.usefixtures("configured")
def test_remove_ends_a_rule_and_leaves_its_versions_to_be_read_by_hash(engine: Engine) -> None:
    with transaction(engine) as session:
        rules.add(session, "phones", rule=PHONES, origin="api", who="ana")
        rules.remove(session, "phones", who="bo")

        assert "phones" not in rules.in_force(session)
        [version] = stored.read_versions(session, rule_hash(PHONES))
        assert Rule.model_validate(version.settings) == PHONES
        with pytest.raises(NotFound, match="rules list"):
            rules.remove(session, "phones", who="bo")
        assert rules.find(session, rule_hash(PHONES)) == rules.Named("phones", PHONES, rule_hash(PHONES), "removed")
        assert rules.add(session, "phones", rule=PHONES, origin="cli", who="ana")
        assert [(one.action, one.who) for one in session.scalars(select(Audit).order_by(Audit.id))] == [
            ("rule.added", "ana"),
            ("rule.removed", "bo"),
            ("rule.added", "ana"),
        ]


@pytest.mark.usefixtures("configured")
def test_find_of_what_never_was_says_where_to_look(engine: Engine) -> None:
    with transaction(engine) as session, pytest.raises(NotFound, match="rules list"):
        rules.find(session, "nothing")


@pytest.mark.usefixtures("configured")
def test_save_in_force_drops_what_the_settings_no_longer_name(engine: Engine) -> None:
    with transaction(engine) as session:
        stored.save_rule(session, "of-old", settings=PHONES.model_dump(mode="json"), digest="h", origin="settings")
        rules.save_in_force(session)

        assert {one.name for one in stored.list_rules(session)} == set(DEFAULT_RULES)
        assert {one.name for one in stored.list_rules(session, in_force=False)} == {*DEFAULT_RULES, "of-old"}


@pytest.mark.usefixtures("configured")
def test_rules_of_the_settings_are_neither_added_over_nor_removed(engine: Engine) -> None:
    with transaction(engine) as session:
        with pytest.raises(Conflict, match="stands in the settings"):
            rules.add(session, "negative-share", rule=PHONES, origin="cli", who="ana")
        with pytest.raises(Conflict, match="change or remove it there"):
            rules.remove(session, "negative-share", who="bo")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("name", ["", "two words", "-x", "x" * 65])
def test_add_refuses_what_is_no_name(engine: Engine, name: str) -> None:
    with transaction(engine) as session, pytest.raises(UsageError, match="is no name of a rule"):
        rules.add(session, name, rule=PHONES, origin="cli", who="ana")


@pytest.mark.usefixtures("configured")
def test_in_force_leaves_out_a_rule_that_no_longer_fits_the_buckets(engine: Engine) -> None:
    odd = Rule(window=settings().rollups.bucket + timedelta(minutes=1))
    with transaction(engine) as session:
        rules.add(session, "odd", rule=odd, origin="cli", who="ana")

        assert "odd" not in rules.in_force(session)
    with pytest.raises(UsageError, match="rule odd: window: PT16M is no whole number of buckets of PT15M: write PT15M or PT30M"):
        rules.checked("odd", odd.model_dump())
