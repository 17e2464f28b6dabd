"""Turns a row into a valid Record, or says why not; where either is kept is left to `workers.intake`."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.cleaning import clean
from db.quarantine import Reject
from pipelines.records import Kind, Record
from workers.readers.parquet import as_payload
from workers.readers.rows import Row, Unreadable, too_large
from workers.settings import RECORD_FIELDS
from workers.storable import storable_json
from workers.times import parse_time

MAX_NAME_BYTES = 200
MAX_ID_BYTES = 1_000
"""What a B-tree index entry can hold, with room to spare."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a row that says nothing gets; `source` and `kind` given by the caller win over the row's own, which becomes an attribute."""

    received_at: datetime
    max_bytes: int
    source: str | None = None
    kind: Kind | None = None
    fallback_source: str = "default"
    kinds: Mapping[str, Kind] | None = None
    fallback_kind: Kind = Kind.NEWS


def validated(row: Row, *, defaults: Defaults) -> Record | Reject:
    """Return the record that `row` holds, or why it holds none, with the row as it came."""
    try:
        return to_record(row.fields, defaults=defaults)
    except Unreadable as error:
        payload = as_payload(row.fields) if row.raw is None else row.raw
        return Reject(line=row.line, reason=error.reason, detail=error.detail, payload=payload, external_id=_id_if_any(row.fields))


def to_record(fields: Mapping[str, Any], *, defaults: Defaults) -> Record:
    """Return the record in `fields`; raise Unreadable with a stable reason: no_text, bad_time, bad_field or too_large.

    Text passes as it came, save that what PostgreSQL can't hold (NUL, half a surrogate pair) becomes U+FFFD, one for one.
    Without an external id, the record is known by a hash of what it says: sent again, it is a duplicate.
    """
    attributes = _attributes(fields)
    source = _name(_chosen("source", defaults.source, fields, attributes) or defaults.fallback_source)
    kind = _kind(_chosen("kind", defaults.kind, fields, attributes) or (defaults.kinds or {}).get(source) or defaults.fallback_kind)
    text, title = _text(fields), _string("title", fields)
    language = _language(fields, attributes)
    published_at, url, author = _time(fields, now=defaults.received_at), _string("url", fields), _string("author", fields)
    _check_size((text, title, url, author), attributes, max_bytes=defaults.max_bytes)
    return Record(
        source=source,
        external_id=_external_id(fields) or content_id(text, title, url, author, published_at.isoformat() if published_at else None),
        kind=kind,
        text=text,
        published_at=published_at or defaults.received_at,
        title=title,
        language=language,
        url=url,
        author=author,
        attributes=attributes,
    )


def content_id(*parts: str | None) -> str:
    """Return the id of a record that came without one: a hash of what identifies it."""
    return "content:" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _chosen(name: str, given: str | None, fields: Mapping[str, Any], attributes: dict[str, Any]) -> Any:
    """Return what the caller gave, else the row's own; a differing row's own value is kept as an attribute."""
    if given is None:
        return _string(name, fields)
    own = fields.get(name)
    if not _missing(own) and own != given:
        attributes.setdefault(name, storable_json(own))
    return given


def _text(fields: Mapping[str, Any]) -> str:
    text = fields.get("text")
    if _missing(text):
        found = ", ".join(list(fields)[:10])
        raise Unreadable("no_text", "no text" if "text" in fields else f"no text: no field `text` among {found or 'none at all'}")
    if not isinstance(text, str):
        raise Unreadable("bad_field", f"bad field: text is no string but {type(text).__name__}")
    if not text.strip():
        raise Unreadable("no_text", "no text: only white space")
    return clean(text)


def _string(name: str, fields: Mapping[str, Any]) -> str | None:
    """Return a short field as a string, numbers included; None where it is missing or empty."""
    value = fields.get(name)
    if _missing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable("bad_field", f"bad field: {name} is no string but {type(value).__name__}")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(str(value)).strip() or None


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and value != value)  # noqa: PLR0124  # NaN, as pandas writes "missing"


def _external_id(fields: Mapping[str, Any]) -> str | None:
    value = _string("external_id", fields)
    if value and len(value.encode()) > MAX_ID_BYTES:
        raise Unreadable("bad_field", f"bad field: external_id is longer than {MAX_ID_BYTES:,} bytes")
    return value


def _id_if_any(fields: Mapping[str, Any]) -> str | None:
    try:
        return _external_id(fields)
    except Unreadable:
        return None


def _name(value: str) -> str:
    if len(value.encode()) > MAX_NAME_BYTES or not value.isprintable():
        raise Unreadable("bad_field", f"bad field: a source's name is printable and at most {MAX_NAME_BYTES} bytes long")
    return value


def _kind(value: str) -> Kind:
    try:
        return Kind(value.lower())
    except ValueError:
        raise Unreadable("bad_field", f"bad field: kind is {value[:40]!r}; it is one of {', '.join(Kind)}") from None


def _language(fields: Mapping[str, Any], attributes: dict[str, Any]) -> str | None:
    """Return the language's code; a name that is no code is kept as an attribute, and the analyzer finds the language itself."""
    value = _string("language", fields)
    if value is None or _LANGUAGE.fullmatch(value):
        return value
    attributes.setdefault("language", value)
    return None


def _time(fields: Mapping[str, Any], *, now: datetime) -> datetime | None:
    value = fields.get("published_at")
    if _missing(value) or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return parse_time(value, now=now)
    except ValueError as error:
        raise Unreadable("bad_time", f"bad time: published_at: {error}") from None


def _attributes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes the row brings, and every field that a record doesn't know."""
    given = fields.get("attributes")
    if isinstance(given, str) and given.strip():
        given = _parsed(given)
    if not _missing(given) and not isinstance(given, Mapping):
        raise Unreadable("bad_field", "bad field: attributes is no JSON object")
    unknown = {name: value for name, value in fields.items() if name not in RECORD_FIELDS and not _missing(value)}
    try:
        return {**storable_json(dict(given or {})), **storable_json(unknown)}
    except ValueError as error:
        raise Unreadable("bad_field", f"bad field: attributes: {error}") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _check_size(strings: tuple[str | None, ...], attributes: Mapping[str, Any], *, max_bytes: int) -> None:
    n_bytes = sum(len(one.encode()) for one in strings if one)
    if attributes:
        n_bytes += len(json.dumps(attributes, ensure_ascii=False).encode())
    if n_bytes > max_bytes:
        raise too_large(n_bytes, max_bytes=max_bytes)
