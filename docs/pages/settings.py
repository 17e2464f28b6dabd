"""Every setting, from `workers.settings`."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pages.markdown import table
from pydantic import BaseModel, SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


def settings_page() -> str:
    """Return every setting with its variable, type, default and meaning."""
    from workers.settings import Settings

    return "\n\n".join(["# Settings", SETTINGS_INTRODUCTION.strip(), "## General", _general(Settings), *_sections(Settings)])


SETTINGS_INTRODUCTION = """
A setting is looked for in the environment first, then in `bellwether.toml` in the current folder (or in the file that
`BELLWETHER_CONFIG` names); else it has the default below. An unknown name is an error, with a suggestion.

- In the environment, two underscores go down a level: `BELLWETHER_ENGINE__DEVICE=cuda:0`.
- In TOML, a section is a table: `[engine]`, then `device = "cuda:0"`. Where a section says `NAME`, choose a name; TOML suits these better.
- A length of time is ISO 8601 (`PT2M`, `P7D`, `PT0.05S`), `HH:MM:SS`, or a number of seconds.
- A secret is never printed. Give it by the environment rather than by the file.
"""


def _general(model: type[BaseModel]) -> str:
    rows = [_setting("BELLWETHER_", name, field) for name, field in model.model_fields.items() if not _section_of(field)]
    rows.append(["`BELLWETHER_CONFIG`", "path", "`bellwether.toml`", "The TOML file that is read; by the environment only."])
    return table(["variable", "type", "default", "meaning"], rows)


def _sections(model: type[BaseModel], prefix: str = "BELLWETHER_", path: str = "") -> Iterator[str]:
    """Yield a heading and a table for each section below `model`; a section that is held by name says NAME."""
    for name, field in model.model_fields.items():
        section = _section_of(field)
        if section is None:
            continue
        is_named = get_origin(field.annotation) is dict
        key, variable = f"{path}{name}{'.NAME' if is_named else ''}", f"{prefix}{name.upper()}__{'NAME__' if is_named else ''}"
        inner = {key: value for key, value in section.model_fields.items() if not _section_of(value)}
        rows = [_setting(variable, inner_name, one) for inner_name, one in inner.items()]
        yield f"## `[{key}]`"
        yield (section.__doc__ or "").strip()
        if is_named and field.default:
            yield f"{field.description} Shipped: {', '.join(f'`{one}`' for one in field.default)}."
        if rows:
            yield table(["variable", "type", "default", "meaning"], rows)
        yield from _sections(section, variable, f"{key}.")


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the section that a setting holds, by itself or by name."""
    annotation = field.annotation
    inner = get_args(annotation)[1] if get_origin(annotation) is dict else annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _setting(prefix: str, name: str, field: FieldInfo) -> list[str]:
    return [f"`{prefix}{name.upper()}`", _type_name(field.annotation), _default(field), field.description or ""]


def _type_name(annotation: Any) -> str:
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        timedelta: "length of time",
        Path: "path",
        SecretStr: "secret",
    }
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_type_name(one) for one in parts if one is not NoneType)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in parts)
    if origin is tuple:
        return f"list of {_type_name(parts[0])}"
    if origin is dict:
        return f"table of {_type_name(parts[1])}"
    return names[annotation]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None:
        return "none"
    annotation: Any = field.annotation
    written = TypeAdapter(annotation).dump_python(field.default, mode="json")
    if isinstance(written, list):
        return ", ".join(f"`{one}`" for one in written)
    return f"`{written if isinstance(written, str) else json.dumps(written)}`"


def variables() -> set[str]:
    """Return every variable that the page lists; where a section is held by name, the variable has NAME in its place."""
    return set(re.findall(r"^\| `(\w+)`", settings_page(), re.MULTILINE))
