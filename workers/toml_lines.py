"""Tell at which line of a TOML file something is written, which tomllib does not; reading it is left to the caller."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

Keys = tuple[str, ...]
"""The names that lead to a table or a value, from the top."""

_HEADER = re.compile(r"^\s*\[([^\[\]]+)\]\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")


def line_of(where: Keys, *, lines: Mapping[Keys, int]) -> int | None:
    """Return the line of `where`, or else of the nearest table that holds it; None if nothing of it is written."""
    return next((lines[where[:end]] for end in range(len(where), 0, -1) if where[:end] in lines), None)


def lines_of(text: str) -> dict[Keys, int]:
    """Return the line at which each table or key is first written; tomllib tells none."""
    lines: dict[Keys, int] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            where = table = _keys(header[1])
        elif key := _KEY.match(line):
            where = (*table, *_keys(key[1]))
        else:
            continue
        for end in range(1, len(where) + 1):
            lines.setdefault(where[:end], number)
    return lines


def _keys(written: str) -> Keys:
    """Return the parts of a dotted key."""
    try:
        told: Any = tomllib.loads(f"{written} = 0")
    except tomllib.TOMLDecodeError:
        return (written,)  # part of a text over many lines
    keys: list[str] = []
    while isinstance(told, dict):
        key, told = next(iter(told.items()))
        keys.append(key)
    return tuple(keys)
