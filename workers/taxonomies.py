"""Refuses a taxonomy that nobody knows before records are sent under it; what taxonomies hold is left to `pipelines.taxonomy`."""

from pipelines.errors import ModelUnavailable, UnknownTaxonomy
from workers.errors import UsageError
from workers.settings import settings


def check_taxonomy(name: str | None) -> None:
    """Raise UsageError naming the nearest there is, unless `name` is installed, is a topic head of the model, or is None."""
    if name is None:
        return
    from pipelines.taxonomy import read_taxonomies

    try:
        read_taxonomies(settings().engine.taxonomies)[name]
    except UnknownTaxonomy as error:
        if name not in _of_the_model():
            raise UsageError(f"{error}; `bellwether topics list` shows all.") from None


def _of_the_model() -> frozenset[str]:
    """Return the taxonomies that the model brings itself, such as a desk's own; none where this machine can't tell."""
    from pipelines.catalog import read_catalog

    try:
        return read_catalog(settings().engine.catalog).taxonomies(settings().engine.model)
    except ModelUnavailable:
        return frozenset()
