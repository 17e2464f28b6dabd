"""Read rules from a TOML file, or say at which line one is wrong and how to mend it; judging by them is left to others."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workers.alert_settings import Rule
from workers.errors import UsageError
from workers.toml_lines import Keys, line_of, lines_of

_LENGTHS = ("window", "baseline", "season", "resolves_after")
_MENDS = {
    "timedelta_parsing": "write a duration such as PT15M, PT12H or P7D",
    "timedelta_type": "write a duration such as PT15M, PT12H or P7D",
    "time_delta_parsing": "write a duration such as PT15M, PT12H or P7D",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "float_parsing": "write a number",
    "tuple_type": 'write a list such as ["source", "topic"]',
}


@dataclass(frozen=True, slots=True)
class RulesFile:
    """The rules of a file by name, and where in it they stand."""

    path: Path
    rules: dict[str, Rule]
    lines: Mapping[Keys, int]

    def refused(self, name: str, field: str, complaint: str) -> UsageError:
        """Return what to raise about one rule, naming the line of the field, or of the rule where the field is not written."""
        return _refused(self.path, self.lines, ("alerts", "rules", name, *([field] if field else [])), complaint)


def read_rules(path: Path) -> RulesFile:
    """Read every `[alerts.rules.NAME]` of a file; what else it holds is not looked at. Raise UsageError naming the line."""
    text = _text(path)
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error).replace("end of document", f"its end, line {max(1, len(text.splitlines()))}")
        raise UsageError(f"{path} is not valid TOML: {said}") from None
    lines = lines_of(text)
    tables = told.get("alerts", {}).get("rules") if isinstance(told.get("alerts", {}), dict) else None
    if not isinstance(tables, dict) or not tables:
        raise UsageError(f'{path} holds no rule: write each as [alerts.rules.NAME], with metric = "share" and so on below it')
    file = RulesFile(path, {}, lines)
    for name, fields in tables.items():
        file.rules[name] = _rule(file, name, fields)
    return file


def fit_buckets(file: RulesFile, *, bucket: timedelta, whole: bool) -> None:
    """Refuse a length that is shorter than a bucket, and where `whole` says so one that is not whole buckets."""
    for name, rule in file.rules.items():
        for field in _LENGTHS:
            span: timedelta = getattr(rule, field)
            if field in rule.model_fields_set and (complaint := _misfit(span, bucket=bucket, whole=whole)):
                raise file.refused(name, field, f"{field}: {complaint}")


def misfit(rule: Rule, *, bucket: timedelta) -> str:
    """Say which length of a rule is no whole number of buckets, and the mend; "" if all are."""
    complaints = ((field, _misfit(getattr(rule, field), bucket=bucket, whole=True)) for field in _LENGTHS)
    return next((f"{field}: {complaint}" for field, complaint in complaints if complaint), "")


def check_rule(name: str, fields: Mapping[str, Any]) -> Rule:
    """Return the rule that `fields` describe; raise UsageError naming the field and the mend."""
    try:
        return Rule.model_validate(fields)
    except ValidationError as error:
        raise UsageError(f"rule {name}: {_complaint(error)[1]}") from None


def iso(span: timedelta) -> str:
    """Write a duration as settings do: PT15M, P7D."""
    return str(TypeAdapter(timedelta).dump_python(span, mode="json"))


def _rule(file: RulesFile, name: str, fields: Any) -> Rule:
    if not isinstance(fields, dict):
        raise file.refused(name, "", f"is no rule but {fields!r}: write [alerts.rules.NAME]")
    try:
        return Rule.model_validate(fields)
    except ValidationError as error:
        field, complaint = _complaint(error)
        raise file.refused(name, field, complaint) from None


def _complaint(error: ValidationError) -> tuple[str, str]:
    """Return the field of a rule's first fault ("" for the rule as a whole), and what to say of it."""
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(field, Rule.model_fields, n=1)
        known = f"did you mean {close[0]}?" if close else f"known are {', '.join(Rule.model_fields)}"
        return field, f"{field} is no key of a rule; {known}"
    said = first["msg"].removeprefix("Value error, ")
    if not field:
        written = first["input"] if isinstance(first["input"], dict) else {}
        return next((name for name in (*_LENGTHS, "dimensions") if name in written and name in said), ""), said
    seen = "" if first["input"] is None else f" ({first['input']!r} is written)"
    mend = _MENDS.get(first["type"])
    return field, f"{field}: {mend or said.replace('Input should be', 'write')}{seen}"


def _misfit(span: timedelta, *, bucket: timedelta, whole: bool) -> str:
    if span < bucket:
        return f"{iso(span)} is shorter than a bucket of {iso(bucket)}: write at least {iso(bucket)}"
    if whole and span % bucket:
        n = span // bucket
        return f"{iso(span)} is no whole number of buckets of {iso(bucket)}: write {iso(n * bucket)} or {iso((n + 1) * bucket)}"
    return ""


def _refused(path: Path, lines: Mapping[Keys, int], where: Keys, complaint: str) -> UsageError:
    """Return the refusal, naming the line where `where`, or what holds it, is written."""
    return UsageError(f"{path}, line {line_of(where, lines=lines) or 1}: rule {where[2]}: {complaint}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start + 1}): TOML files are") from None
