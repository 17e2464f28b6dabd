"""Where records come from; what is done with a source's taxonomy is left to `pipelines.taxonomy`."""

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.tables import Source
from pipelines.records import Kind


def ensure_source(session: Session, name: str, *, kind: Kind, taxonomy: str) -> int:
    """Return the id of the source `name`, made with `kind` and `taxonomy` if it is new; one that exists keeps its own."""
    known = select(Source.id).where(Source.name == name)
    found = session.scalar(known)
    if found is None:
        made = insert(Source).values(name=name, kind=kind, taxonomy=taxonomy).on_conflict_do_nothing(index_elements=["name"])
        found = session.scalar(made.returning(Source.id))
    return found if found is not None else session.execute(known).scalar_one()


def read_kinds(session: Session) -> dict[str, Kind]:
    """Return every source's kind by name."""
    return {name: Kind(kind) for name, kind in session.execute(select(Source.name, Source.kind))}


def update_source(session: Session, name: str, *, kind: Kind | None = None, taxonomy: str | None = None) -> None:
    """Give the source `name` another kind or taxonomy, for the records that are read from now on; None leaves it."""
    values = {key: value for key, value in (("kind", kind), ("taxonomy", taxonomy)) if value is not None}
    if values:
        differs = or_(*(getattr(Source, key) != value for key, value in values.items()))  # else each submission would wait for the other
        session.execute(update(Source).where(Source.name == name, differs).values(**values))
