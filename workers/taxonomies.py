"""Refuses a taxonomy that isn't installed before records are sent under it; what taxonomies hold is left to `pipelines.taxonomy`."""

from pipelines.errors import UnknownTaxonomy
from workers.errors import UsageError
from workers.settings import settings


def check_taxonomy(name: str | None) -> None:
    """Raise UsageError naming the nearest there is, unless `name` is installed or None."""
    if name is None:
        return
    from pipelines.taxonomy import read_taxonomies

    try:
        read_taxonomies(settings().engine.taxonomies)[name]
    except UnknownTaxonomy as error:
        raise UsageError(f"{error}; `bellwether topics list` shows all.") from None
