"""One array parameter in place of a list of any length: one statement to plan, and no limit of 65,535 parameters."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import InstrumentedAttribute


def among(column: InstrumentedAttribute[Any], ids: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that `column`, of whole numbers or UUIDs, is one of `ids`."""
    kind = UUID(as_uuid=True) if isinstance(column.type, UUID) else BigInteger()
    return column == any_(literal(list(ids), ARRAY(kind)))
