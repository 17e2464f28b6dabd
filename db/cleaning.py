"""What PostgreSQL cannot hold, made holdable without moving an offset; what a text means is left to `pipelines`."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

REPLACEMENT = "\ufffd"
_UNHOLDABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPECT_JSON = re.compile(r"\\u0000|\\ud[89a-f]|NaN|Infinity", re.IGNORECASE)


def clean(text: str) -> str:
    """Return `text` with each NUL and each lone surrogate replaced by U+FFFD: the same length, so offsets hold."""
    return text if text.isascii() and "\x00" not in text else _UNHOLDABLE.sub(REPLACEMENT, text)


def clean_or_none(text: str | None) -> str | None:
    """Return `clean(text)`, and None for None."""
    return None if text is None else clean(text)


def to_json(values: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return `values` as JSON that a jsonb column takes: strings cleaned, numbers that are none as null, the rest as text."""
    fast = json.dumps(dict(values) if isinstance(values, Mapping) else list(values), default=str)
    return json.dumps(_holdable(json.loads(fast))) if _SUSPECT_JSON.search(fast) else fast


def _holdable(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case float() if not math.isfinite(value):
            return None
        case list():
            return [_holdable(one) for one in value]
        case dict():
            return {clean(key): _holdable(one) for key, one in value.items()}
        case _:
            return value
