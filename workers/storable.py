"""Makes any value plain JSON that a jsonb column takes, changing nothing that fits already; strings are `db.cleaning`'s work."""

import math
from collections.abc import Mapping
from typing import Any

from db.cleaning import clean

MAX_DEPTH = 64


def storable_json(value: Any, *, depth: int = 0) -> Any:
    """Return `value` as plain JSON: keys as strings, times as ISO 8601, other numbers and objects as text.

    Raises ValueError where it is nested more than MAX_DEPTH deep.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} deep")
    plain: Any
    match value:
        case None | bool() | int():
            plain = value
        case str():
            plain = clean(value)
        case float():
            plain = value if math.isfinite(value) else str(value)
        case Mapping():
            plain = {clean(str(name)): storable_json(one, depth=depth + 1) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            plain = [storable_json(one, depth=depth + 1) for one in value]
        case bytes():
            plain = clean(value.decode("utf-8", "replace"))
        case _:
            plain = clean(value.isoformat() if hasattr(value, "isoformat") else str(value))
    return plain
