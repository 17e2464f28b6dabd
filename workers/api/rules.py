"""/v1/rules: what is worth an incident; which rules are in force is left to `workers.rules`, their checking to `workers.rules_check`."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from db.engine import transaction
from workers import endpoints, rules
from workers.alert_settings import Rule
from workers.api.access import Caller
from workers.api.alert_schemas import RuleOut, RulesOut
from workers.api.responses import documented
from workers.errors import Conflict

router = APIRouter(prefix="/v1/rules", tags=["rules"])

_RULE = {"requestBody": {"required": True, "content": {"application/json": {"schema": Rule.model_json_schema()}}}}


@router.get("", responses=documented())
def get_rules() -> RulesOut:
    """Return the rules in force: those of the settings, and those that people added."""
    with transaction(endpoints.engine()) as session:
        return RulesOut(rules=[RuleOut.of(one) for one in rules.list_in_force(session)])


@router.get("/{name_or_hash}", responses=documented(404))
def get_rule(name_or_hash: str) -> RuleOut:
    """Return a rule in force by its name, or any version there was by the hash that incidents keep."""
    with transaction(endpoints.engine()) as session:
        return RuleOut.of(rules.find(session, name_or_hash))


@router.put("/{name}", responses=documented(409), openapi_extra=_RULE)
def put_rule(
    name: str,
    fields: Annotated[dict[str, Any], Body()],
    caller: Caller,
    *,
    force: Annotated[bool, Query(description="Put it in force even if it could not have fired, or would always have.")] = False,
) -> RuleOut:
    """Put a rule in force, over the one of its name that people added before; refused where it makes no sense on the last 30 days."""
    with transaction(endpoints.engine()) as session:
        rule = rules.checked(name, fields)
        if not force:
            _refuse_senseless(session, name, rule=rule)
        rules.add(session, name, rule=rule, origin="api", who=caller)
        return RuleOut.of(rules.find(session, name))


@router.delete("/{name}", status_code=204, responses=documented(404, 409))
def delete_rule(name: str, caller: Caller) -> None:
    """Take a rule that people added out of force; its open incidents end with the next scan, and its versions stay readable."""
    with transaction(endpoints.engine()) as session:
        rules.remove(session, name, who=caller)


def _refuse_senseless(session: Any, name: str, *, rule: Rule) -> None:
    from workers.rules_check import check_rules

    [checked] = check_rules(session, {name: rule}, now=datetime.now(UTC))
    if checked.refused:
        raise Conflict(f"rule {name} {checked.verdict}: {checked.why}; ?force=true puts it in force all the same")
