"""Every view with its columns, from a migrated database."""

import re
from pathlib import Path

from pages.markdown import table
from sqlalchemy import Engine, inspect
from sqlalchemy.engine.reflection import ObjectKind

ROOT = Path(__file__).parents[2]


def views_page(engine: Engine) -> str:
    """Return every view with its columns and their types, described by the database's own comments."""
    inspector = inspect(engine)
    about = {name: comment["text"] for (_, name), comment in inspector.get_multi_table_comment(kind=ObjectKind.VIEW).items()}
    names = [name for name in re.findall(r"CREATE(?: OR REPLACE)? VIEW (\w+)", (ROOT / "db" / "views.sql").read_text()) if name in about]
    parts = [
        "# Views",
        VIEWS_INTRODUCTION,
        table(["view", "what it shows"], [(f"[`{name}`](#{name})", about[name] or "") for name in names]),
    ]
    for name in names:
        rows = [
            (f"`{one['name']}`", one["type"].compile(dialect=engine.dialect).lower(), one["comment"] or "")
            for one in inspector.get_columns(name)
        ]
        parts += [f"## `{name}`", about[name] or "", table(["column", "type", "meaning"], rows)]
    return "\n\n".join(parts)


VIEWS_INTRODUCTION = (
    "Names, columns and types are stable; the tables behind them are not. The database holds these descriptions as comments, too."
)
